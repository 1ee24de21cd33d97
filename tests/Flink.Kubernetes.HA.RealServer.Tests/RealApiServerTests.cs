using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Flink.Kubernetes.HA.RealServer.Tests;

/// <summary>The fixture itself: the server is the one that was asked for, what it starts can be killed, paused and restarted, and goes away.</summary>
public sealed class RealApiServerTests(ApiServerFixture shared, PrivateApiServer own) : IClassFixture<PrivateApiServer>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_server_is_the_one_that_was_asked_for()
    {
        var server = await shared.GetAsync();

        server.Source.Should().Be(RealServerChoice.Asked ?? server.Source);
        using var client = server.CreateKubernetes();
        (await client.CoreV1.ListNamespaceAsync(cancellationToken: Token)).Items.Should().NotBeEmpty();
        TestContext.Current.SendDiagnosticMessage($"{server.Source} at {server.Url}");
    }

    [Fact]
    public async Task A_user_may_do_what_was_granted_and_no_more()
    {
        var space = await (await shared.GetAsync()).CreateNamespaceAsync(Token);
        using var alice = await space.CreateKubernetesAsync("alice", Token);
        await ShouldBeForbiddenAsync(() => alice.CoreV1.ListNamespacedConfigMapAsync(space.Name, cancellationToken: Token));

        await space.GrantAsync("alice", "configmaps", ["get", "list"], Token);

        (await alice.CoreV1.ListNamespacedConfigMapAsync(space.Name, labelSelector: "none", cancellationToken: Token)).Items.Should().BeEmpty();
        await ShouldBeForbiddenAsync(() => alice.CoordinationV1.ListNamespacedLeaseAsync(space.Name, cancellationToken: Token));
    }

    [Fact]
    public async Task A_killed_server_comes_back_with_the_same_data_on_the_same_port()
    {
        var server = await own.GetAsync();
        var space = await CreateAsync(server);
        using var client = server.CreateKubernetes();

        await server.KillAsync();
        var reading = () => ReadAsync(client, space, Token);
        await reading.Should().ThrowAsync<HttpRequestException>();
        await server.RestartAsync();

        using var again = server.CreateKubernetes();
        (await ReadAsync(again, space, Token)).Should().Be("v");
    }

    [Fact]
    public async Task A_paused_server_answers_nothing_until_it_continues()
    {
        var server = await own.GetAsync();
        var space = await CreateAsync(server);
        using var client = server.CreateKubernetes();
        server.Pause();
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
            limit.CancelAfter(TimeSpan.FromSeconds(1));
            var reading = () => ReadAsync(client, space, limit.Token);
            await reading.Should().ThrowAsync<OperationCanceledException>();
        }
        finally
        {
            server.Resume();
        }

        (await ReadAsync(client, space, Token)).Should().Be("v");
    }

    [Fact]
    public async Task Nothing_is_left_when_the_server_is_disposed()
    {
        var server = await RealApiServer.StartPrivateAsync();
        var folder = server.Processes.StateDirectory;
        Directory.Exists(folder).Should().BeTrue();

        await server.DisposeAsync();

        Directory.Exists(folder).Should().BeFalse();
    }

    [Fact]
    public async Task Nothing_is_left_when_the_test_run_is_killed()
    {
        // bash stands for the test run: it holds the pipe, and is killed as a test run may be.
        var start = ApiServerScripts.Command("start.sh", "-b", await ApiServerBinaries.GetFolderAsync(), "-r", "sh", "-c", "echo $KAS_DIR; exec cat >/dev/null");
        var script = string.Join(' ', start.ArgumentList.Select(a => $"'{a}'"));
        using var run = Process.Start(new ProcessStartInfo("bash", ["-c", $"exec 3> >(exec bash {script}); read -r _"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var directory = await run.StandardOutput.ReadLineAsync(Token);
        Directory.Exists(directory).Should().BeTrue();

        run.Kill();

        await run.StandardOutput.ReadToEndAsync(Token);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (Directory.Exists(directory))
        {
            await tick.WaitForNextTickAsync(Token);
        }
    }

    private static async Task ShouldBeForbiddenAsync(Func<Task> request) =>
        (await request.Should().ThrowAsync<HttpOperationException>()).Which.Response.StatusCode.Should().Be(HttpStatusCode.Forbidden);

    private static async Task<string> CreateAsync(RealApiServer server)
    {
        var space = await server.CreateNamespaceAsync(Token);
        var item = new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "a" }, Data = new Dictionary<string, string> { ["k"] = "v" } };
        await server.Admin.CoreV1.CreateNamespacedConfigMapAsync(item, space.Name, cancellationToken: Token);
        return space.Name;
    }

    private static async Task<string> ReadAsync(k8s.Kubernetes client, string space, CancellationToken cancellationToken) =>
        (await client.CoreV1.ReadNamespacedConfigMapAsync("a", space, cancellationToken: cancellationToken)).Data["k"];
}
