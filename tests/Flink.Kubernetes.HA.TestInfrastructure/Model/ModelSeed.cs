using FsCheck;

namespace Flink.Kubernetes.HA.TestInfrastructure.Model;

/// <summary>Where random scenarios begin: the same in every run, if STATE_MODEL_SEED does not say otherwise.</summary>
internal static class ModelSeed
{
    /// <summary>As FsCheck prints it: seed,gamma, and the size if only one scenario is to be run again.</summary>
    private static readonly ulong[] Parts =
        [.. (Environment.GetEnvironmentVariable("STATE_MODEL_SEED") ?? "1,1").Split(',').Select(part => ulong.Parse(part, CultureInfo.InvariantCulture))];

    public static Rnd Current => Parts.Length > 1 ? new Rnd(Parts[0], Parts[1]) : new Rnd(Parts[0]);

    public static int? Size => Parts.Length > 2 ? (int)Parts[2] : null;
}
