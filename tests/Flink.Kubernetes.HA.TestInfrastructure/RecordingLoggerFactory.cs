using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.TestInfrastructure;

/// <summary>Keeps what was logged, and lets a test wait for a message.</summary>
internal sealed class RecordingLoggerFactory : ILoggerFactory, ILogger
{
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _logged = new();

    public ConcurrentQueue<(int Id, LogLevel Level, string Message)> Entries { get; } = new();

    /// <summary>Called with the id of each message, in the middle of what logs it.</summary>
    public Action<int>? Logged { get; set; }

    public IEnumerable<int> Ids => Entries.Select(entry => entry.Id);

    public string Text => string.Join('\n', Entries.Select(entry => $"{entry.Level} {entry.Id}: {entry.Message}"));

    public int Count(int id) => Entries.Count(entry => entry.Id == id);

    /// <summary>Returns the messages of one id, oldest first.</summary>
    public string[] Of(int id) => [.. Entries.Where(entry => entry.Id == id).Select(entry => entry.Message)];

    /// <summary>Completes when a message of the id was logged, also when that was before.</summary>
    public Task WaitForAsync(int id) => FirstOf(id).Task;

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
        FirstOf(eventId.Id).TrySetResult();
        Logged?.Invoke(eventId.Id);
    }

    public void Dispose()
    {
    }

    private TaskCompletionSource FirstOf(int id) =>
        _logged.GetOrAdd(id, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
