using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>Everything outside of this process's code that authentication depends on.</summary>
internal sealed record AuthenticationEnvironment
{
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    public string HomeDirectory { get; init; } = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    public string ServiceAccountDirectory { get; init; } = "/var/run/secrets/kubernetes.io/serviceaccount";

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    public ILogger Logger { get; init; } = NullLogger.Instance;

    public static AuthenticationEnvironment Create(TimeProvider? timeProvider, ILoggerFactory? loggerFactory) => new()
    {
        TimeProvider = timeProvider ?? TimeProvider.System,
        Logger = loggerFactory?.CreateLogger<KubeConnection>() ?? (ILogger)NullLogger.Instance,
    };
}
