using Flink.Kubernetes.HA.Connection.KubeConfig;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.Connection;
using Flink.Kubernetes.HA.Connection.Credentials;
using FluentAssertions;

namespace Flink.Kubernetes.HA.Tests.Connection;

/// <summary>Real plugins: scripts that /bin/sh reads.</summary>
public sealed class ExecPluginTests : ConnectionTest
{
    private const string V1 = ExecPluginSettings.V1;
    private readonly TestAuthority _root = TestAuthority.Root();

    [Theory]
    [InlineData(V1)]
    [InlineData(ExecPluginSettings.V1Beta1)]
    public async Task A_plugin_gives_a_token(string apiVersion) =>
        (await TokenAsync(LoadPlugin(Answer("""{"token":"abc"}""", apiVersion), apiVersion))).Should().Be("abc");

    [Fact]
    public async Task It_gets_arguments_variables_and_no_standard_input() =>
        (await TokenAsync(LoadPlugin(
            "read line || end=ended\n" + Answer("""{"token":"'$1-$2-$GREETING-$end-$#'"}"""),
            more: """, "env": [{"name": "GREETING", "value": "hello"}]""",
            arguments: """, "one-two", "'three'" """))).Should().Be("one-two-'three'-hello-ended-2");

    [Theory]
    [InlineData(false, V1)]
    [InlineData(true, ExecPluginSettings.V1Beta1)]
    public async Task It_learns_of_the_cluster_where_that_is_wanted(bool provideClusterInfo, string apiVersion)
    {
        var seen = Path.Combine(Folder, "seen.json");
        Write("ca.crt", _root.Pem);
        await TokenAsync(LoadPlugin(
            $"printf %s \"$KUBERNETES_EXEC_INFO\" >'{seen}'\n" + Answer("""{"token":"t"}""", apiVersion),
            apiVersion,
            $", \"provideClusterInfo\": {(provideClusterInfo ? "true" : "false")}",
            cluster: "{server: 'https://host:6443', certificate-authority: ca.crt, tls-server-name: n, proxy-url: 'http://p:1'}"));

        var spec = new JsonObject { ["interactive"] = false };
        if (provideClusterInfo)
        {
            spec["cluster"] = new JsonObject
            {
                ["server"] = "https://host:6443",
                ["tls-server-name"] = "n",
                ["certificate-authority-data"] = TestAuthority.Base64(_root.Pem),
                ["proxy-url"] = "http://p:1",
            };
        }

        var expected = new JsonObject { ["kind"] = "ExecCredential", ["apiVersion"] = apiVersion, ["spec"] = spec };
        JsonNode.DeepEquals(expected, JsonNode.Parse(File.ReadAllText(seen))).Should().BeTrue(File.ReadAllText(seen));
    }

    [Fact]
    public async Task A_command_with_a_slash_starts_at_the_kubeconfig_and_one_without_is_on_the_PATH()
    {
        Directory.CreateDirectory(Path.Combine(Folder, "bin"));
        File.CreateSymbolicLink(Path.Combine(Folder, "bin/plugin"), "/bin/sh");
        (await TokenAsync(LoadPlugin(Answer("""{"token":"t"}"""), command: "./bin/plugin"))).Should().Be("t");

        Variables["PATH"] = $"relative:/nowhere:{Path.Combine(Folder, "bin")}";
        (await TokenAsync(LoadPlugin(Answer("""{"token":"t"}"""), command: "plugin"))).Should().Be("t");
    }

    [Theory]
    [InlineData("no-such-plugin")]
    [InlineData("./no-such-plugin")]
    [InlineData("./config")]
    public async Task A_command_that_is_not_there_shows_the_install_hint(string command) =>
        (await FailureOfAsync(LoadPlugin("true", command: command, more: """, "installHint": "brew install it" """)))
            .Should().Contain("brew install it").And.Contain(Path.GetFileName(command));

    [Theory]
    [InlineData("echo 'log in first' >&2; echo 'token: SECRETSECRETSECRET' >&2; exit 3", "exit code 3", "log in first")]
    [InlineData("echo SECRET; exit 1", "exit code 1", "nothing to standard error")]
    [InlineData("true", "not JSON", "ExecCredential")]
    [InlineData("echo '{\"token\": SECRET}'", "not JSON", "line 0")]
    [InlineData("echo '\"SECRET\"'", "not an ExecCredential", V1)]
    [InlineData("echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1alpha1\"}'", "not an ExecCredential", V1)]
    [InlineData("echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\"}'", "no status", "by hand")]
    [InlineData("head -c 2000000 /dev/zero", "far more", "sh")]
    public async Task A_failing_plugin_is_explained(string script, string first, string second) =>
        (await FailureOfAsync(LoadPlugin(script))).Should().Contain(first).And.Contain(second).And.Contain("users[one].user.exec");

    [Theory]
    [InlineData("""{}""", "neither a token")]
    [InlineData("""{"token":""}""", "neither a token")]
    [InlineData("""{"token":7}""", "not a text")]
    [InlineData("""{"token":"SECRET SECRET"}""", "white space")]
    [InlineData("""{"token":"t","clientKeyData":"SECRET"}""", "not both")]
    [InlineData("""{"clientCertificateData":"SECRET","clientKeyData":"SECRET"}""", "PEM")]
    [InlineData("""{"token":"t","expirationTimestamp":"tomorrow"}""", "expirationTimestamp")]
    public async Task An_answer_without_a_credential_is_explained(string status, string expected) =>
        (await FailureOfAsync(LoadPlugin(Answer(status)))).Should().Contain(expected);

    [Theory]
    [InlineData("client.authentication.k8s.io/v1alpha1", "", "v1alpha1")]
    [InlineData(V1, """, "interactiveMode": "Always" """, "here there is none")]
    [InlineData(V1, """, "interactiveMode": "Sometimes" """, "Sometimes")]
    [InlineData(V1, """, "env": [{"value": "x"}]""", "env[0].name")]
    [InlineData(V1, """, "env": "x" """, "list")]
    [InlineData(V1, """, "provideClusterInfo": true """, "extensions")]
    public void What_cannot_work_is_refused_before_any_run(string apiVersion, string more, string expected) =>
        ErrorOf(() => LoadPlugin("true", apiVersion, more, cluster: "{server: 'https://h', extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: a}}]}")).Should().Contain(expected);

    [Fact]
    public async Task Cancellation_kills_the_plugin()
    {
        using var canceled = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        using var plugin = await StartHangingAsync(canceled.Token);
        await canceled.CancelAsync();
        await FluentActions.Awaiting(() => plugin.Run.WaitAsync(Patience, Cancellation)).Should().ThrowAsync<OperationCanceledException>();
        await plugin.Process.WaitForExitAsync(Cancellation).WaitAsync(Patience, Cancellation);
    }

    [Fact]
    public async Task A_plugin_that_hangs_is_killed_at_the_time_limit_and_the_error_has_what_it_said()
    {
        using var plugin = await StartHangingAsync(Cancellation);
        Clock.Advance(ExecPlugin.TimeLimit);
        await FluentActions.Awaiting(() => plugin.Run.WaitAsync(Patience, Cancellation)).Should().ThrowAsync<KubernetesHaException>().WithMessage("*within 30 s*waiting for the browser*");
        await plugin.Process.WaitForExitAsync(Cancellation).WaitAsync(Patience, Cancellation);
    }

    [Fact]
    public async Task A_daemon_that_the_plugin_leaves_behind_holds_nobody_up()
    {
        // In real time: nothing tells a test that the plugin's last words have been read.
        var daemon = Path.Combine(Folder, "daemon");
        var script = Write("daemon.sh", $"sleep 600 &\necho $! >'{daemon}'\n" + Answer("""{"token":"t"}"""));
        var answer = await new ExecPlugin(Settings(script), TestEnvironment with { TimeProvider = TimeProvider.System }).RunAsync(Cancellation);
        using var process = Process.GetProcessById(int.Parse(File.ReadAllText(daemon), CultureInfo.InvariantCulture));
        process.Kill();
        answer.Token.Should().Be("t");
    }

    [Theory]
    [InlineData("deprecated: use abc-opaque", "deprecated: use ***")]
    [InlineData("got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln back", "got *** back")]
    [InlineData("k8s-aws-v1.aHR0cHM6Ly9zdHM", "***")]
    [InlineData("Authorization: Bearer abcdefghijklmnop refused", "Authorization: Bearer *** refused")]
    [InlineData("client_secret=abcdefghijklmnop", "client_secret=***")]
    [InlineData("run aws sso login at /usr/local/bin/aws", "run aws sso login at /usr/local/bin/aws")]
    public async Task What_a_plugin_says_goes_to_the_log_without_what_looks_like_a_secret(string says, string expected)
    {
        await TokenAsync(LoadPlugin($"echo '{says}' >&2\n" + Answer("""{"token":"abc-opaque"}""")));
        Logged.Should().ContainSingle(l => l.Id == 120).Which.Text.Should().Contain($"It said: {expected} ");
    }

    [Fact]
    public async Task A_certificate_of_a_plugin_is_used_and_renewed_after_a_401()
    {
        var answers = new[] { "first", "second" }.Select(name =>
        {
            var leaf = _root.Client(name);
            var status = new JsonObject { ["clientCertificateData"] = leaf.ExportCertificatePem(), ["clientKeyData"] = TestAuthority.KeyPem(leaf) };
            return new JsonObject { ["kind"] = "ExecCredential", ["apiVersion"] = V1, ["status"] = status }.ToJsonString();
        }).ToArray();
        var path = Write("answer.json", answers[0]);
        await using var server = await TestApiServer.StartAsync(_root.Server(), context =>
            context.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionItemsFeature>()!.Items["chain"] is "CN=second"
                || !File.ReadAllText(path).Equals(answers[1], StringComparison.Ordinal) ? TestApiServer.Answer(context) : TestApiServer.WriteAsync(context, "{}", 401));
        using var client = Connect(LoadPlugin($"cat '{path}'", cluster: $"{{server: '{server.Url}', certificate-authority-data: {TestAuthority.Base64(_root.Pem)}}}"));
        await GetAsync(client);
        File.WriteAllText(path, answers[1]);
        Clock.Advance(ExecCredential.LeastInterval);

        await PatchAsync(client);

        server.Requests.Select(r => r.ClientCertificates).Should().Equal("CN=first", "CN=first", "CN=second");
        server.Requests.Should().OnlyContain(r => r.Authorization.Length == 0);
    }

    [Fact]
    public async Task A_burst_of_first_requests_runs_the_plugin_once_and_the_token_of_a_caller_ends_its_call()
    {
        var runs = Path.Combine(Folder, "runs");
        await using var server = await TestApiServer.StartAsync();
        using (var client = Connect(LoadPlugin($"echo run >>'{runs}'\n" + Answer("""{"token":"t"}"""), cluster: $"{{server: '{server.Url}'}}")))
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => GetAsync(client)));
        }

        File.ReadAllLines(runs).Should().ContainSingle();
        using var hanging = Connect(LoadPlugin("exec sleep 600", cluster: $"{{server: '{server.Url}'}}"));
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await FluentActions.Awaiting(() => GetAsync(hanging, limit.Token)).Should().ThrowAsync<OperationCanceledException>();
    }

    private static string Answer(string status, string apiVersion = V1) =>
        $$"""echo '{"kind":"ExecCredential","apiVersion":"{{apiVersion}}","status":{{status}} }'""";

    private static ExecPluginSettings Settings(string script) =>
        new() { Origin = "test", Command = "/bin/sh", ApiVersion = V1, Arguments = [script], ExecInfo = "{}" };

    private async Task<string?> TokenAsync(ApiServerConfiguration configuration)
    {
        using var credential = ConnectionSettings.Read(configuration, TestEnvironment).Credential!;
        return (await credential.GetAsync(refresh: false, Cancellation))?.Parameter;
    }

    private async Task<string> FailureOfAsync(ApiServerConfiguration configuration)
    {
        var failure = (await FluentActions.Awaiting(() => TokenAsync(configuration)).Should().ThrowAsync<KubernetesHaException>()).Which;
        failure.ToString().Should().NotContain("SECRET");
        return failure.Message;
    }

    // The plugin tells that it has started by moving its process id into place, after it has written to standard error.
    private async Task<Hanging> StartHangingAsync(CancellationToken cancellationToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watcher = new FileSystemWatcher(Folder, "pid") { EnableRaisingEvents = true };
        watcher.Renamed += (_, _) => started.TrySetResult();
        var script = Write("hang.sh", $"cd '{Folder}'\necho waiting for the browser >&2\necho $$ >pid.new\nmv pid.new pid\nexec sleep 600\n");
        var run = new ExecPlugin(Settings(script), TestEnvironment).RunAsync(cancellationToken);
        await started.Task.WaitAsync(Patience, Cancellation);
        return new Hanging(run, Process.GetProcessById(int.Parse(File.ReadAllText(Path.Combine(Folder, "pid")), CultureInfo.InvariantCulture)));
    }

    private ApiServerConfiguration LoadPlugin(
        string script, string apiVersion = V1, string more = "", string command = "/bin/sh", string arguments = "", string cluster = "{server: https://host:6443}")
    {
        var path = Write("plugin.sh", script);
        return LoadOne(cluster, $$"""{"exec": {"apiVersion": "{{apiVersion}}", "command": "{{command}}", "args": ["{{path}}"{{arguments}}]{{more}} } }""");
    }

    private sealed record Hanging(Task<ExecAnswer> Run, Process Process) : IDisposable
    {
        public void Dispose() => Process.Dispose();
    }
}
