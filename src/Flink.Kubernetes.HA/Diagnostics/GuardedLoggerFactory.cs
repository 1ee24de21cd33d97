using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Diagnostics;

/// <summary>Loggers whose providers may throw: a full disk must not end a renewal, a watch or a release.</summary>
internal sealed class GuardedLoggerFactory(ILoggerFactory inner) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new GuardedLogger(inner.CreateLogger(categoryName));

    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    /// <summary>Does nothing: the factory belongs to the application.</summary>
    public void Dispose()
    {
    }

#pragma warning disable CA1031 // There is nobody to tell: the log is what fails.
    private sealed class GuardedLogger(ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel)
        {
            try
            {
                return inner.IsEnabled(logLevel);
            }
            catch (Exception)
            {
                return false;
            }
        }

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            try
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }
            catch (Exception)
            {
                // The message is lost; what it reports goes on.
            }
        }
    }
#pragma warning restore CA1031
}
