using System.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.ApiServer;

/// <summary>The fixture itself: what it starts can be killed, paused and restarted, and goes away.</summary>
public sealed class RealApiServerTests(PrivateApiServer own) : IClassFixture<PrivateApiServer>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_killed_server_comes_back_with_the_same_data_on_the_same_port()
    {
        var server = await own.GetAsync();
        var key = await CreateAsync(server);
        await server.KillAsync();
        await using (var client = server.CreateClient(new KubeClientOptions { MaxRetries = 0 }))
        {
            var failure = await Assert.ThrowsAsync<KubeClientException>(() => client.GetAsync(KubeResources.ConfigMaps, key, Token));
            Assert.Equal(KubeFailure.Unavailable, failure.Failure);
        }

        await server.RestartAsync();
        await using var again = server.CreateClient();
        Assert.Equal("v", (await again.GetAsync(KubeResources.ConfigMaps, key, Token)).Data!["k"]);
    }

    [Fact]
    public async Task A_paused_server_answers_nothing_until_it_goes_on()
    {
        var server = await own.GetAsync();
        var key = await CreateAsync(server);
        await using var client = server.CreateClient(new KubeClientOptions { MaxRetries = 0, RequestTimeout = TimeSpan.FromSeconds(1) });
        server.Pause();
        try
        {
            var failure = await Assert.ThrowsAsync<KubeClientException>(() => client.GetAsync(KubeResources.ConfigMaps, key, Token));
            Assert.Contains(failure.Failure, new[] { KubeFailure.Timeout, KubeFailure.Unavailable });
        }
        finally
        {
            server.Resume();
        }

        await using var again = server.CreateClient();
        Assert.Equal("v", (await again.GetAsync(KubeResources.ConfigMaps, key, Token)).Data!["k"]);
    }

    [Fact]
    public async Task A_user_may_do_what_was_granted_and_no_more()
    {
        var server = await own.GetAsync();
        var space = await server.CreateNamespaceAsync(Token);
        await using var alice = await space.CreateClientAsync("alice", Token);
        await Assert.ThrowsAsync<KubeClientException>(() => alice.ListAsync(KubeResources.ConfigMaps, space.Name, cancellationToken: Token));
        await space.GrantAsync("alice", "configmaps", ["get", "list"], Token);
        Assert.Empty((await alice.ListAsync(KubeResources.ConfigMaps, space.Name, cancellationToken: Token)).Items);
        var failure = await Assert.ThrowsAsync<KubeClientException>(() => alice.ListAsync(KubeResources.Leases, space.Name, cancellationToken: Token));
        Assert.Equal(KubeFailure.Forbidden, failure.Failure);
    }

    [Fact]
    public async Task Nothing_is_left_when_the_server_is_disposed()
    {
        var server = await RealApiServer.StartPrivateAsync();
        var processes = server.Processes;
        Assert.True(Directory.Exists(processes.StateDirectory));
        await server.DisposeAsync();
        Assert.False(Directory.Exists(processes.StateDirectory));
    }

    [Fact]
    public async Task Nothing_is_left_when_the_test_run_is_killed()
    {
        // bash stands for the test run: it holds the pipe, and is killed as a test run may be.
        var start = ApiServerScripts.Command("start.sh", "-b", await ApiServerBinaries.GetFolderAsync(), "-r", "sh", "-c", "echo $KAS_DIR; exec cat >/dev/null");
        var script = string.Join(' ', start.ArgumentList.Select(a => $"'{a}'"));
        using var run = Process.Start(new ProcessStartInfo("bash", ["-c", $"exec 3> >(exec bash {script}); read -r _"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var directory = await run.StandardOutput.ReadLineAsync(Token);
        Assert.True(Directory.Exists(directory));
        run.Kill();
        await run.StandardOutput.ReadToEndAsync(Token);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (Directory.Exists(directory))
        {
            await tick.WaitForNextTickAsync(Token);
        }
    }

    private static async Task<ObjectKey> CreateAsync(RealApiServer server)
    {
        var space = await server.CreateNamespaceAsync(Token);
        await using var client = server.CreateClient();
        var item = new ConfigMap { Metadata = new ObjectMeta { Name = "a", Namespace = space.Name }, Data = new Dictionary<string, string> { ["k"] = "v" } };
        return (await client.CreateAsync(KubeResources.ConfigMaps, item, Token)).Key;
    }
}
