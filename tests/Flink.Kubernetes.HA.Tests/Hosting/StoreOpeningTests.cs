using Flink.Kubernetes.HA.Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace Flink.Kubernetes.HA.Tests.Hosting;

/// <summary>The services are the door to every store and reader.</summary>
public sealed class StoreOpeningTests : IAsyncDisposable
{
    private static readonly JobId Job = JobId.Parse("2c8a0f1e2c8a0f1e2c8a0f1e2c8a0f1e");

    private readonly InMemoryApiServer _server = new();
    private readonly InMemoryStateStorage _storage = new();
    private readonly k8s.Kubernetes _client;
    private readonly ServiceProvider _provider;
    private readonly IHighAvailabilityServices _services;

    public StoreOpeningTests()
    {
        _client = _server.CreateClient();
        _provider = new ServiceCollection()
            .AddSingleton<IStateStorage>(_storage)
            .AddKubernetesHa(options => (options.ClusterId, options.Namespace) = ("orders", "team"), _ => _client)
            .BuildServiceProvider();
        _services = _provider.GetRequiredService<IHighAvailabilityServices>();
    }

    private static CancellationToken Token => HaWorld.Token;

    [Fact]
    public Task A_term_of_the_Dispatcher_opens_its_stores_and_readers_see_what_they_write() => LeadAsync(LeaderComponent.Dispatcher, async term =>
    {
        var entries = await _services.OpenStateHandleStoreAsync(term, "plan-", Token);
        await entries.AddAsync("a", "state", TextSerializer.Instance, Token);
        (await _services.ReadStateHandles(LeaderComponent.Dispatcher, "plan-").ListAsync(Token)).Should().ContainSingle();

        var jobs = await _services.OpenJobRegistryAsync(term, TextSerializer.Instance, cancellationToken: Token);
        await jobs.PutAsync(Job, "graph", Token);
        var reader = _services.ReadJobs(TextSerializer.Instance);
        (await reader.GetAsync(Job, Token)).Should().Be("graph");
        (await reader.ReadStatusesAsync(Token))[Job].Should().Be(JobSchedulingStatus.Pending);

        var key = await _services.OpenBlobStore(term).PutAsync(Job, HaWorld.Stream("blob"), Token);
        await using (var blob = await _services.ReadBlobs().OpenReadAsync(Job, key, Token))
        {
            using var text = new StreamReader(blob);
            (await text.ReadToEndAsync(Token)).Should().Be("blob");
        }

        await jobs.FinishAsync(new JobResult(Job, JobStatus.Finished), Token);
        (await reader.ReadAsync(Token)).TryGetResult(Job)!.Status.Should().Be(JobStatus.Finished);
        await jobs.CleanUpAsync(Job, Token);
        (await reader.ReadAsync(Token)).DirtyResults.Should().BeEmpty();
        (await _services.AdoptStateAsync(term, Token)).Should().Be(0);
        (await _services.CreateSweep().FindAsync(Token)).Should().NotBeNull();
        (await _services.OpenClusterCleanUp(term).RunAsync(JobStatus.Finished, Token)).Should().BeTrue();
        _storage.Keys.Should().BeEmpty();
    });

    [Fact]
    public Task A_term_of_a_JobManager_opens_the_stores_of_its_job() => LeadAsync(LeaderComponent.JobManager(Job), async term =>
    {
        var store = await _services.OpenCheckpointStoreAsync(term, TextSerializer.Instance, cancellationToken: Token);
        await store.AddAsync("one", Token);

        (await _services.ReadCheckpoints(Job, TextSerializer.Instance).TryGetLatestAsync(Token))!.Value.Should().Be("one");
        (await store.Counter.GetAsync(Token)).Should().Be(2);
        _storage.Keys.Should().NotBeEmpty();
    });

    [Fact]
    public async Task Without_a_storage_the_error_says_what_to_add()
    {
        await using var services = new KubernetesHaServices(new KubernetesHaOptions { ClusterId = "orders", Namespace = "team" }, _client);

        Invoking(services.ReadBlobs).Should().ThrowExactly<InvalidOperationException>().Which.Message.Should().Contain("AddFileSystemStateStorage");
    }

    public async ValueTask DisposeAsync()
    {
        await _provider.DisposeAsync();
        _client.Dispose();
        _server.Dispose();
    }

    private async Task LeadAsync(LeaderComponent component, Func<LeadershipTerm, Task> work)
    {
        await foreach (var term in _services.GetLeaderElection(component).ContendAsync(Token))
        {
            await work(term);
            break;
        }
    }
}
