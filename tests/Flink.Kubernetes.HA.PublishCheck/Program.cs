// What a program does with the library: elect, checkpoint, restore, follow; in a host, with options from configuration. tests/check-published.sh
// publishes it trimmed and as NativeAOT. It prints a line for each step and "OK"; otherwise it ends with an exception and exit code 1.
//
//   Flink.Kubernetes.HA.PublishCheck --kubeconfig PATH --namespace NAME --storage DIRECTORY
using System.Net;
using System.Text.Json.Serialization;
using Flink.Kubernetes.HA;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using k8s;
using k8s.Autorest;

try
{
    using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
    await CheckAsync(timeout.Token);
    Console.WriteLine("OK");
    return 0;
}
catch (Exception exception)
{
    Console.Error.WriteLine(exception);
    return 1;
}

async Task CheckAsync(CancellationToken token)
{
    var job = new Job(JobId.NewRandom());
    var builder = Host.CreateEmptyApplicationBuilder(settings: null);
    builder.Configuration.AddInMemoryCollection([new("KubernetesHa:ClusterId", $"published-{Guid.NewGuid():N}"[..18])]);
    builder.Configuration.AddCommandLine(args, new Dictionary<string, string>
    {
        ["--kubeconfig"] = "KubernetesHa:KubeConfigPath",
        ["--namespace"] = "KubernetesHa:Namespace",
        ["--storage"] = "Storage:RootDirectory",
    });
    builder.Services.AddKubernetesHa(builder.Configuration.GetSection("KubernetesHa"));
    builder.Services.AddFileSystemStateStorage(builder.Configuration.GetSection("Storage"));
    builder.Services.AddLeaderService<SecondTerm>(job.Component);
    builder.Services.AddHealthChecks().AddKubernetesHa();
    builder.Services.AddSingleton(job);
    var host = builder.Build();
    await using var disposal = (IAsyncDisposable)host;
    var services = host.Services.GetRequiredService<IHighAvailabilityServices>();

    var missing = await ThrownByAsync<ConfigMapMissingException>(services.ReadCheckpoints(job.Id, Job.Serializer).TryGetLatestAsync(token));
    Step(
        missing.InnerException is KubernetesHaException { Failure: KubernetesFailure.NotFound, Reason: "NotFound" },
        $"404 as KubernetesHaException: {missing.InnerException?.Message}");

    await using var leaders = services.GetLeaderRetrieval(job.Component).WatchAsync(token).GetAsyncEnumerator(token);
    var first = await ElectAndCheckpointAsync(services, job, leaders, token);

    await host.StartAsync(token); // starts to contend again, for SecondTerm
    var (second, restored) = await job.Restored.Task.WaitAsync(token);
    Step(second.FencingToken > first, $"elected again by the host, fencing token {second.FencingToken}");
    Step(restored == new Checkpoint(5, "offset 500"), $"restored {restored}");
    await FollowAsync(leaders, second, "http://second:8081");
    var health = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(token);
    Step(health.Status == HealthStatus.Healthy, $"health: {health.Status}");

    await ReadWithTypedCallsAsync(services, job, token);
    await host.StopAsync(token);
}

static async Task<long> ElectAndCheckpointAsync(
    IHighAvailabilityServices services, Job job, IAsyncEnumerator<LeaderInformation?> leaders, CancellationToken token)
{
    await foreach (var term in services.GetLeaderElection(job.Component).ContendAsync("http://first:8081", token))
    {
        Step(term.IsLeading, $"elected, fencing token {term.FencingToken}");
        await FollowAsync(leaders, term, "http://first:8081");
        var checkpoints = await services.OpenCheckpointStoreAsync(term, Job.Serializer, cancellationToken: token);
        for (var number = 1; number <= 5; number++)
        {
            await checkpoints.AddAsync(new Checkpoint(number, $"offset {number * 100}"), token);
        }

        Step(checkpoints.Latest?.Value.Number == 5, $"{checkpoints.Latest?.Value.Number} checkpoints");
        return term.FencingToken; // ends the term
    }

    throw new InvalidOperationException("There was no term.");
}

static async Task ReadWithTypedCallsAsync(IHighAvailabilityServices services, Job job, CancellationToken token)
{
    var (calls, space) = (services.Client.CoreV1, services.Namespace);
    var configMaps = await calls.ListNamespacedConfigMapAsync(space, cancellationToken: token);
    var name = configMaps.Items.First(item => item.Metadata.Name.Contains(job.Id.ToString(), StringComparison.Ordinal)).Metadata.Name;
    var keys = (await calls.ReadNamespacedConfigMapAsync(name, space, cancellationToken: token)).Data.Keys;
    Step(keys.Any(key => key.StartsWith("checkpointID-", StringComparison.Ordinal)), $"typed calls: {name} has {string.Join(", ", keys)}");

    var none = await ThrownByAsync<HttpOperationException>(calls.ReadNamespacedConfigMapAsync("none", space, cancellationToken: token));
    Step(none.Response.StatusCode == HttpStatusCode.NotFound, "typed calls: 404 as HttpOperationException");
}

static async Task FollowAsync(IAsyncEnumerator<LeaderInformation?> leaders, LeadershipTerm term, string address)
{
    while (leaders.Current is not { } leader || leader.SessionId != term.SessionId || leader.Address != address)
    {
        await leaders.MoveNextAsync();
    }

    Step(leaders.Current.FencingToken == term.FencingToken, $"followed to {address}, session {term.SessionId}");
}

static async Task<T> ThrownByAsync<T>(Task task)
    where T : Exception
{
    try
    {
        await task;
    }
    catch (T exception)
    {
        return exception;
    }

    throw new InvalidOperationException($"There was no {typeof(T).Name}.");
}

static void Step(bool holds, string what) =>
    Console.WriteLine(holds ? what : throw new InvalidOperationException($"This does not hold: {what}"));

internal sealed record Checkpoint(long Number, string Position);

internal sealed record Job(JobId Id)
{
    public static JsonStateSerializer<Checkpoint> Serializer { get; } = new(PublishCheckJsonContext.Default.Checkpoint);

    public LeaderComponent Component { get; } = LeaderComponent.JobManager(Id);

    public TaskCompletionSource<(LeadershipTerm Term, Checkpoint? Latest)> Restored { get; } =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
}

internal sealed class SecondTerm(IHighAvailabilityServices services, Job job) : ILeaderService
{
    public async Task RunAsync(LeadershipTerm term, CancellationToken cancellationToken)
    {
        await term.PublishAddressAsync("http://second:8081", cancellationToken);
        var checkpoints = await services.OpenCheckpointStoreAsync(term, Job.Serializer, cancellationToken: cancellationToken);
        job.Restored.TrySetResult((term, checkpoints.Latest?.Value));
        await Task.Delay(Timeout.Infinite, cancellationToken);
    }
}

[JsonSerializable(typeof(Checkpoint))]
internal sealed partial class PublishCheckJsonContext : JsonSerializerContext;
