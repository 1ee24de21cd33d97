using Flink.Kubernetes.HA.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>A value that lies in files which others replace: read again from time to time, the last good one kept meanwhile.</summary>
internal sealed class Reloading<T>
    where T : class
{
    private readonly Lock _gate = new();
    private readonly string _name;
    private readonly Func<T> _read;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private Entry? _entry;

    /// <summary>Reads the value for the first time.</summary>
    /// <param name="name">What it is, for the log.</param>
    /// <param name="read">Reads it or throws <see cref="KubeConfigException"/>.</param>
    /// <param name="fallback">What to use until the files can be read; without it the first read must succeed.</param>
    /// <param name="environment">The clock and the log.</param>
    public Reloading(string name, Func<T> read, T? fallback, AuthenticationEnvironment environment)
    {
        (_name, _read, _timeProvider, _logger) = (name, read, environment.TimeProvider, environment.Logger);
        _entry = fallback is null ? null : new Entry(fallback, _timeProvider.GetTimestamp(), TimeSpan.Zero);
        Get(refresh: true);
    }

    /// <summary>How long a value is used before its files are looked at again: kubelet replaces a token long before it expires.</summary>
    public static TimeSpan Interval { get; } = TimeSpan.FromMinutes(1);

    /// <summary>The same, after the files could not be read.</summary>
    public static TimeSpan IntervalAfterFailure { get; } = TimeSpan.FromSeconds(10);

    /// <summary>The last good value.</summary>
    public T Last => Volatile.Read(ref _entry)!.Value;

    public T Get(bool refresh)
    {
        if (!refresh && IsFresh(Volatile.Read(ref _entry)) is { } fresh)
        {
            return fresh;
        }

        lock (_gate)
        {
            // Others may have read it while this one waited.
            if (!refresh && IsFresh(_entry) is { } read)
            {
                return read;
            }

            var entry = Read();
            Volatile.Write(ref _entry, entry);
            return entry.Value;
        }
    }

    private T? IsFresh(Entry? entry) => entry is not null && _timeProvider.GetElapsedTime(entry.ReadAt) < entry.GoodFor ? entry.Value : null;

    private Entry Read()
    {
        var now = _timeProvider.GetTimestamp();
        try
        {
            return new Entry(_read(), now, Interval);
        }
        catch (KubeConfigException e) when (_entry is not null)
        {
            Log.CredentialFileUnreadable(_logger, _name, e);
            return new Entry(_entry.Value, now, IntervalAfterFailure);
        }
    }

    private sealed class Entry(T value, long readAt, TimeSpan goodFor)
    {
        public T Value => value;

        public long ReadAt => readAt;

        public TimeSpan GoodFor => goodFor;
    }
}
