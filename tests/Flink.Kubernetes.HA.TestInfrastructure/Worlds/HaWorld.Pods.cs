using k8s;
using k8s.Models;

namespace Flink.Kubernetes.HA.TestInfrastructure.Worlds;

/// <content>The Pods in which leaders run, with the status that a kubelet writes.</content>
internal sealed partial class HaWorld
{
    /// <summary>Creates a Pod with one container, which runs.</summary>
    public async Task<V1Pod> CreatePodAsync(string name, string containerId)
    {
        var pod = await Admin.CoreV1.CreateNamespacedPodAsync(
            new V1Pod
            {
                ApiVersion = "v1",
                Kind = "Pod",
                Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = Namespace },
                Spec = new V1PodSpec { Containers = [new V1Container { Name = "main", Image = "orders" }] },
            },
            Namespace,
            cancellationToken: Token);
        await SetContainerAsync(name, new V1ContainerState { Running = new V1ContainerStateRunning() }, containerId);
        return pod;
    }

    /// <summary>Writes the status of its container, as a kubelet does.</summary>
    public async Task SetContainerAsync(string name, V1ContainerState state, string containerId, V1ContainerState? last = null, string phase = "Running")
    {
        var pod = await Admin.CoreV1.ReadNamespacedPodAsync(name, Namespace, cancellationToken: Token);
        pod.Status = new V1PodStatus
        {
            Phase = phase,
            ContainerStatuses =
            [
                new V1ContainerStatus
                {
                    Name = "main",
                    Image = "orders",
                    ImageID = "1",
                    Ready = state.Running is not null,
                    RestartCount = 0,
                    ContainerID = containerId,
                    State = state,
                    LastState = last ?? new V1ContainerState(),
                },
            ],
        };
        await Admin.CoreV1.ReplaceNamespacedPodStatusAsync(pod, name, Namespace, cancellationToken: Token);
    }

    public static V1ContainerState Ended(string containerId) => new() { Terminated = new V1ContainerStateTerminated { ContainerID = containerId, ExitCode = 137 } };
}
