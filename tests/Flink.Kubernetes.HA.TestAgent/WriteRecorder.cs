using System.Collections.Concurrent;

namespace Flink.Kubernetes.HA.TestAgent;

/// <summary>Keeps the last patch of every kind of write: sent again, it is a packet that the network has held back.</summary>
internal sealed class WriteRecorder : DelegatingHandler
{
    private readonly ConcurrentDictionary<(string Name, string Kind), string> _last = [];

    /// <summary>Returns the last patch of every kind to a ConfigMap.</summary>
    public IReadOnlyList<(string Kind, string Patch)> LastOf(string name) =>
        [.. _last.Where(entry => entry.Key.Name == name).Select(entry => (entry.Key.Kind, entry.Value))];

    public void Forget(string name)
    {
        foreach (var entry in _last.Keys.Where(entry => entry.Name == name))
        {
            _last.TryRemove(entry, out _);
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Method == HttpMethod.Patch)
        {
            if (request.Content!.Headers.ContentType!.MediaType == "application/json-patch+json")
            {
                // What no attempt has sent are renewals, with or without a new address.
                var name = request.RequestUri!.Segments[^1];
                _last[(name, WriteAttempt.Current?.Kind ?? "renewal")] = await request.Content.ReadAsStringAsync(cancellationToken);
            }

            if (WriteAttempt.Current is { } attempt)
            {
                attempt.Sent++;
            }
        }

        return await base.SendAsync(request, cancellationToken);
    }
}
