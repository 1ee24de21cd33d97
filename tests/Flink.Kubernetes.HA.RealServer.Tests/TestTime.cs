namespace Flink.Kubernetes.HA.RealServer.Tests;

/// <summary>Real time, for tests of real processes: what they do in it is what is tested.</summary>
internal static class TestTime
{
    public static Task PassAsync(TimeSpan time) => Task.Delay(time, TimeProvider.System, TestContext.Current.CancellationToken);
}
