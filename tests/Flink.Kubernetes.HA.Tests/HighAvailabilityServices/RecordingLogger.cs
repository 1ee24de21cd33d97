using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Tests.HighAvailabilityServices;

/// <summary>Keeps the ids and texts of what is logged, and lets a test wait for one.</summary>
internal sealed class RecordingLogger : ILogger
{
    private readonly ConcurrentQueue<(int Id, string Text)> _entries = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _waiting = new();

    public IEnumerable<int> Ids => _entries.Select(entry => entry.Id);

    public Task WaitForAsync(int id) => Waiting(id).Task;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        _entries.Enqueue((eventId.Id, formatter(state, exception)));
        Waiting(eventId.Id).TrySetResult();
    }

    private TaskCompletionSource Waiting(int id) =>
        _waiting.GetOrAdd(id, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
