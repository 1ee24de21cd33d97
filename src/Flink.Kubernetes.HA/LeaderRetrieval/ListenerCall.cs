namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>A call to a listener that is under way; it flows with the call, so that a disposal from within is told from one outside.</summary>
internal sealed class ListenerCall(object service, ListenerRegistration registration)
{
    private static readonly AsyncLocal<ListenerCall?> Current = new();
    private volatile bool _isOver;

    /// <param name="owner">A service or a registration.</param>
    public static bool IsWithinCallOf(object owner) => Current.Value is { _isOver: false } call && call.IsOf(owner);

    /// <summary>Makes the call; work that it leaves behind is not within it any more.</summary>
    public static async Task MakeAsync(object service, ListenerRegistration registration, Func<ValueTask> call)
    {
        var current = new ListenerCall(service, registration);
        Current.Value = current;
        try
        {
            await call().ConfigureAwait(false);
        }
        finally
        {
            current._isOver = true;
        }
    }

    private bool IsOf(object owner) => ReferenceEquals(owner, service) || ReferenceEquals(owner, registration);
}
