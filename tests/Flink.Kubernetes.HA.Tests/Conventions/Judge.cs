namespace Flink.Kubernetes.HA.Tests.Conventions;

internal static class Judge
{
    /// <summary>Fails with all that was found, a line each.</summary>
    public static void None<T>(IEnumerable<T> found)
    {
        var lines = found.Select(item => $"{item}").ToList();
        if (lines.Count > 0)
        {
            Assert.Fail(string.Join('\n', lines));
        }
    }
}
