using System.Reflection;

namespace Flink.Kubernetes.HA.Tests.Hosting;

/// <summary>An implementation of an interface by a user's test: it can be disposed, and nothing else.</summary>
public class Mock : DispatchProxy
{
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        targetMethod?.ReturnType == typeof(ValueTask) ? ValueTask.CompletedTask : throw new NotSupportedException();
}
