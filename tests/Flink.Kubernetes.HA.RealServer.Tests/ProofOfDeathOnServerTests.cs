using k8s;
using k8s.Models;

namespace Flink.Kubernetes.HA.RealServer.Tests;

/// <summary>Real processes that are killed, and the status of their Pods, which a kubelet would write, on a real API server (promise P2).</summary>
public sealed class ProofOfDeathOnServerTests(ApiServerFixture server)
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(nameof(HeartbeatMode.ConfigMap))]
    [InlineData(nameof(HeartbeatMode.ProcessLease))]
    public async Task Whose_container_was_seen_to_end_is_followed_at_once(string mode)
    {
        var rounds = int.Parse(Environment.GetEnvironmentVariable("PROOF_OF_DEATH_ROUNDS") ?? "5", CultureInfo.InvariantCulture);
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        var agents = new List<AgentProcess>();
        var took = new List<TimeSpan>();
        try
        {
            agents.Add(await StartAsync(election, "pod-0", mode));
            for (var round = 1; round <= rounds; round++)
            {
                var leader = agents[^1];
                var known = await election.HearAsync(l => l.Address == leader.Address);
                agents.Add(await StartAsync(election, $"pod-{round}", mode));

                // The term names the Pod, and the standby has seen its container run.
                await TestTime.PassAsync(TimeSpan.FromSeconds(6));
                leader.Kill();
                await leader.EndAsync();
                var before = TimeProvider.System.GetTimestamp();
                await WriteStatusAsync(election, leader.Name, new V1ContainerState { Terminated = new V1ContainerStateTerminated { ContainerID = Id(leader.Name), ExitCode = 137 } });
                await election.HearAsync(l => l.FencingToken > known.FencingToken);
                took.Add(TimeProvider.System.GetElapsedTime(before));
            }

            agents[^1].Kill();
            await agents[^1].EndAsync();
        }
        finally
        {
            agents.ForEach(agent => agent.Dispose());
        }

        took.Sort();
        TestContext.Current.SendDiagnosticMessage(
            $"status of the Pod -> follower told, {mode}, lease {Lease.TotalSeconds} s, n = {rounds}: p50 {took[took.Count / 2].TotalMilliseconds:0} ms, max {took[^1].TotalMilliseconds:0} ms");
        took[^1].Should().BeLessThan(Lease / 2, "nobody waits for the lease");
    }

    private static async Task<AgentProcess> StartAsync(RealElection election, string name, string mode)
    {
        var pod = new V1Pod
        {
            Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = election.Namespace },
            Spec = new V1PodSpec { AutomountServiceAccountToken = false, Containers = [new V1Container { Name = "main", Image = "none" }] },
        };
        await election.Client.CoreV1.CreateNamespacedPodAsync(pod, election.Namespace, cancellationToken: Cancelled);
        await WriteStatusAsync(election, name, new V1ContainerState { Running = new V1ContainerStateRunning() });
        return await AgentProcess.StartAsync(election, name, Lease, null, "--heartbeat-mode", mode, "--pod", name);
    }

    private static string Id(string name) => $"containerd://{name}";

    private static async Task WriteStatusAsync(RealElection election, string name, V1ContainerState state)
    {
        var pod = await election.Client.CoreV1.ReadNamespacedPodAsync(name, election.Namespace, cancellationToken: Cancelled);
        pod.Status = new V1PodStatus
        {
            Phase = "Running",
            ContainerStatuses =
            [
                new V1ContainerStatus
                {
                    Name = "main",
                    Image = "none",
                    ImageID = "none",
                    Ready = state.Running is not null,
                    RestartCount = 0,
                    ContainerID = Id(name),
                    State = state,
                    LastState = new V1ContainerState(),
                },
            ],
        };
        await election.Client.CoreV1.ReplaceNamespacedPodStatusAsync(pod, name, election.Namespace, cancellationToken: Cancelled);
    }
}
