namespace Flink.Kubernetes.HA.KubeClient.Watching;

/// <summary>Starts work that outlives its caller: without the caller's activity, scopes and other ambient state.</summary>
internal static class DetachedTask
{
    public static Task Run(Func<Task> work)
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            return Task.Run(work);
        }

        using (ExecutionContext.SuppressFlow())
        {
            return Task.Run(work);
        }
    }
}
