namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>The requests that were answered.</summary>
internal sealed class RequestLog(TimeProvider timeProvider)
{
    private readonly Lock _gate = new();
    private readonly List<ApiRequest> _requests = [];

    public IReadOnlyList<ApiRequest> Requests
    {
        get
        {
            lock (_gate)
            {
                return [.. _requests];
            }
        }
    }

    public void Add(ApiCall call, int status)
    {
        var request = new ApiRequest(call.User, call.Verb, call.QualifiedName, call.Namespace, call.Name, status, timeProvider.GetUtcNow());
        lock (_gate)
        {
            _requests.Add(request);
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _requests.Clear();
        }
    }
}
