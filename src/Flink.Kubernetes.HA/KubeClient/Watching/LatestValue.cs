namespace Flink.Kubernetes.HA.KubeClient.Watching;

/// <summary>One slot that is told to any number of readers: each gets the latest value, once, and holds nobody up.</summary>
internal sealed class LatestValue<T>
{
    private readonly Lock _lock = new();
    private Slot _slot = new();

    /// <summary>The slot with the latest value; without a value before the first.</summary>
    public Slot Latest => Volatile.Read(ref _slot);

    public void Publish(T value) => Replace(_ => new Slot { Value = value, HasValue = true });

    /// <summary>Ends it: readers get <see cref="ObjectDisposedException"/>, and later values go nowhere. The last value stays readable.</summary>
    public void Complete() => Replace(last => new Slot { Value = last.Value, HasValue = last.HasValue, IsLast = true });

    private void Replace(Func<Slot, Slot> next)
    {
        Slot replaced;
        lock (_lock)
        {
            replaced = _slot;
            if (replaced.IsLast)
            {
                return;
            }

            Volatile.Write(ref _slot, next(replaced));
        }

        replaced.Replaced.TrySetResult();
    }

    /// <remarks>It does not point to the slot that replaces it: a reader that never comes back keeps no chain alive.</remarks>
    internal sealed class Slot
    {
        public T? Value { get; init; }

        public bool HasValue { get; init; }

        public bool IsLast { get; init; }

        public TaskCompletionSource Replaced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
