using System.Runtime.CompilerServices;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.LeaderRetrieval;

namespace Flink.Kubernetes.HA.Tests.Hosting;

/// <summary>Thousands of jobs one after another in one process leave nothing behind.</summary>
[Collection(SimulatedTime.Name)]
public sealed class ShortLivedComponentTests : IAsyncDisposable
{
    private readonly HaWorld _world = new();
    private readonly k8s.Kubernetes _client;
    private readonly KubernetesHaServices _services;

    public ShortLivedComponentTests()
    {
        _client = _world.Server.CreateClient("process");
        _services = new KubernetesHaServices(new KubernetesHaOptions { ClusterId = HaWorld.ClusterId, Namespace = HaWorld.Namespace }, _client, _world.Time);
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _client.Dispose();
        await _world.DisposeAsync();
    }

    [Fact]
    public async Task A_job_that_has_ended_leaves_no_watch_no_timer_and_no_object()
    {
        var left = new List<WeakReference>();
        for (var job = 0; job < 300; job++)
        {
            await _world.WhileAdvancingAsync(LeadAndFollowAsync(left));
        }

        await _world.AdvanceAsync(TimeSpan.FromSeconds(30));
        _world.Server.OpenWatches.Should().Be(0);
        _world.Time.ArmedTimers.Should().Be(0);
        ((IHighAvailabilityHealth)_services).GetHealth().Should().BeEmpty();
        for (var i = 0; i < 10 && left.Any(reference => reference.IsAlive); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        // The last ones may still be on some stack.
        left.Count(reference => reference.IsAlive).Should().BeLessThan(10);
    }

    [Fact]
    public async Task A_retrieval_that_nobody_reads_has_no_watch_and_one_that_is_read_again_opens_it_again()
    {
        var retrieval = _services.GetLeaderRetrieval(LeaderComponent.Dispatcher);
        await _world.AdvanceAsync(TimeSpan.FromSeconds(1));
        _world.Server.OpenWatches.Should().Be(0);
        for (var i = 0; i < 2; i++)
        {
            await foreach (var leader in retrieval.WatchAsync(HaWorld.Token))
            {
                leader.Should().BeNull();
                await _world.AdvanceAsync(TimeSpan.Zero);
                _world.Server.OpenWatches.Should().Be(1);
                break;
            }

            await _world.AdvanceAsync(TimeSpan.Zero);
            _world.Server.OpenWatches.Should().Be(0);
        }
    }

    [Fact]
    public async Task What_was_disposed_can_be_had_again()
    {
        var component = LeaderComponent.JobManager(JobId.NewRandom());
        var (election, retrieval) = (_services.GetLeaderElection(component), _services.GetLeaderRetrieval(component));
        _services.GetLeaderElection(component).Should().BeSameAs(election);
        await election.DisposeAsync();
        await retrieval.DisposeAsync();

        _services.GetLeaderRetrieval(component).Should().NotBeSameAs(retrieval);
        await _world.WhileAdvancingAsync(LeadAsync(_services.GetLeaderElection(component)));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task LeadAndFollowAsync(List<WeakReference> left)
    {
        var component = LeaderComponent.JobManager(JobId.NewRandom());
        var election = _services.GetLeaderElection(component);
        var retrieval = _services.GetLeaderRetrieval(component);
        left.Add(new WeakReference(election));
        left.Add(new WeakReference(retrieval));
        await LeadAsync(election, FollowAsync(retrieval));
        await election.DisposeAsync();
        await retrieval.DisposeAsync();
    }

    private static async Task LeadAsync(ILeaderElectionService election, Task? work = null)
    {
        await foreach (var term in election.ContendAsync("http://job", HaWorld.Token))
        {
            term.IsLeading.Should().BeTrue();
            await (work ?? Task.CompletedTask);
            break;
        }
    }

    private static async Task FollowAsync(ILeaderRetrievalService retrieval)
    {
        await foreach (var leader in retrieval.WatchAsync(HaWorld.Token))
        {
            if (leader is not null)
            {
                break;
            }
        }
    }
}
