using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Tests;

/// <summary>Keeps what was logged.</summary>
internal sealed class RecordingLoggerFactory : ILoggerFactory, ILogger
{
    public ConcurrentQueue<(int Id, LogLevel Level, string Message)> Entries { get; } = new();

    /// <summary>Called with the id of each message, in the middle of what logs it.</summary>
    public Action<int>? Logged { get; set; }

    public int Count(int id) => Entries.Count(entry => entry.Id == id);

    public string Text => string.Join('\n', Entries.Select(entry => $"{entry.Level} {entry.Id}: {entry.Message}"));

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        Entries.Enqueue((eventId.Id, logLevel, formatter(state, exception)));
        Logged?.Invoke(eventId.Id);
    }

    public void Dispose()
    {
    }
}
