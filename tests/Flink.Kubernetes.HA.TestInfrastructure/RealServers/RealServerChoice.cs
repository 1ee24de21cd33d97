namespace Flink.Kubernetes.HA.TestInfrastructure.RealServers;

/// <summary>Chooses the API server of a test run by the environment.</summary>
/// <remarks>
/// <c>FLINK_HA_TEST_SERVER</c> (<c>existing</c>, <c>assets</c>, <c>k3s</c> or <c>cache</c>) says which; a server that is asked for and cannot
/// be had is an error. Otherwise the order is: <c>USE_EXISTING_CLUSTER=true</c>, <c>KUBEBUILDER_ASSETS</c>, K3s where a Docker engine answers,
/// the project's cache.
/// </remarks>
internal static class RealServerChoice
{
    internal const string Variable = "FLINK_HA_TEST_SERVER";

    /// <summary>What <see cref="Variable"/> asks for; <see langword="null"/> where it is not set.</summary>
    internal static RealServerSource? Asked => Environment.GetEnvironmentVariable(Variable) switch
    {
        null or "" => null,
        "existing" => RealServerSource.Existing,
        "assets" => RealServerSource.Assets,
        "k3s" => RealServerSource.K3s,
        "cache" => RealServerSource.Cache,
        var other => throw new InvalidOperationException($"{Variable} is '{other}'. Set it to existing, assets, k3s or cache, or unset it."),
    };

    /// <summary>The source whose programs a test starts when it needs a server of its own.</summary>
    internal static RealServerSource OfPrograms =>
        Asked == RealServerSource.Assets || (Asked != RealServerSource.Cache && Assets is not null) ? RealServerSource.Assets : RealServerSource.Cache;

    internal static string? Assets => Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS") is { Length: > 0 } folder ? folder : null;

    /// <summary>The source where nothing was asked for.</summary>
    internal static RealServerSource First =>
        string.Equals(Environment.GetEnvironmentVariable("USE_EXISTING_CLUSTER"), "true", StringComparison.OrdinalIgnoreCase) ? RealServerSource.Existing
        : Assets is not null ? RealServerSource.Assets
        : K3sServer.IsPossible ? RealServerSource.K3s
        : RealServerSource.Cache;
}
