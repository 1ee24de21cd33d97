global using Flink.Kubernetes.HA.Benchmarks.Candidates;
global using Flink.Kubernetes.HA.Benchmarks.Measuring;

namespace Flink.Kubernetes.HA.Benchmarks.Measuring;

/// <summary>The wall clock, which all processes of this machine share.</summary>
internal static class Clock
{
    /// <summary>Seconds of the Unix epoch.</summary>
    public static double Now => (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;

    public static Task PassAsync(double seconds) => Task.Delay(TimeSpan.FromSeconds(Math.Max(0, seconds)), TimeProvider.System);

    /// <summary>Looks every 10 ms until it is so: moments come from what is looked at, never from when it was looked at.</summary>
    public static async Task<bool> UntilAsync(Func<bool> isSo, double seconds)
    {
        for (var end = Now + seconds; !isSo(); await PassAsync(0.01))
        {
            if (Now > end)
            {
                return false;
            }
        }

        return true;
    }
}
