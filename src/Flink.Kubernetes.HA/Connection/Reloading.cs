namespace Flink.Kubernetes.HA.Connection;

/// <summary>A value in files that others replace: read again from time to time, the last good one kept meanwhile.</summary>
/// <remarks>It stays the same object while the files stay the same.</remarks>
internal sealed class Reloading<T>
    where T : class
{
    private readonly Lock _gate = new();
    private readonly string _name;
    private readonly Func<string> _read;
    private readonly Func<string, T> _parse;
    private readonly ConnectionEnvironment _environment;
    private Entry? _entry;

    /// <summary>Reads the value for the first time.</summary>
    /// <param name="name">What it is, for the log.</param>
    /// <param name="read">Reads the text or throws <see cref="KubernetesHaException"/>.</param>
    /// <param name="parse">Makes the value or throws <see cref="KubernetesHaException"/>.</param>
    /// <param name="fallback">What to use until the files can be read; without it the first read must succeed.</param>
    /// <param name="environment">The clock and the log.</param>
    public Reloading(string name, Func<string> read, Func<string, T> parse, T? fallback, ConnectionEnvironment environment)
    {
        (_name, _read, _parse, _environment) = (name, read, parse, environment);
        _entry = fallback is null ? null : new Entry(null, fallback, 0, TimeSpan.Zero);
        Get(readNow: true);
    }

    /// <summary>How long a value is used before its files are read again: kubelet replaces a token long before it expires.</summary>
    public static TimeSpan Interval { get; } = TimeSpan.FromMinutes(1);

    /// <summary>The same, after the files could not be read.</summary>
    public static TimeSpan IntervalAfterFailure { get; } = TimeSpan.FromSeconds(10);

    public T Get(bool readNow)
    {
        if (!readNow && Volatile.Read(ref _entry) is { } entry && IsFresh(entry))
        {
            return entry.Value;
        }

        lock (_gate)
        {
            // Others may have read it while this one waited.
            if (readNow || !IsFresh(_entry!))
            {
                Volatile.Write(ref _entry, Read());
            }

            return _entry!.Value;
        }
    }

    private bool IsFresh(Entry entry) => _environment.TimeProvider.GetElapsedTime(entry.ReadAt) < entry.GoodFor;

    private Entry Read()
    {
        var now = _environment.TimeProvider.GetTimestamp();
        try
        {
            var text = _read();
            return new Entry(text, text == _entry?.Text ? _entry.Value : _parse(text), now, Interval);
        }
        catch (KubernetesHaException exception) when (_entry is not null)
        {
            ConnectionLog.FileUnreadable(_environment.Logger, _name, exception);
            return new Entry(_entry.Text, _entry.Value, now, IntervalAfterFailure);
        }
    }

    private sealed record Entry(string? Text, T Value, long ReadAt, TimeSpan GoodFor);
}
