using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Flink.Kubernetes.HA.Connection;

/// <summary>Everything outside of this process's code that a connection depends on.</summary>
internal sealed record ConnectionEnvironment
{
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    public string HomeDirectory { get; init; } = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    public string ServiceAccountDirectory { get; init; } = "/var/run/secrets/kubernetes.io/serviceaccount";

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    public ILogger Logger { get; init; } = NullLogger.Instance;

    public static ConnectionEnvironment Create(TimeProvider? timeProvider, ILoggerFactory? loggerFactory) => new()
    {
        TimeProvider = timeProvider ?? TimeProvider.System,
        Logger = loggerFactory?.CreateLogger("Flink.Kubernetes.HA.Connection") ?? NullLogger.Instance,
    };

    /// <summary>The value of the first of the variables that is set and not empty.</summary>
    public string? FirstSet(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Variable(name) is { Length: > 0 } value)
            {
                return value;
            }
        }

        return null;
    }
}
