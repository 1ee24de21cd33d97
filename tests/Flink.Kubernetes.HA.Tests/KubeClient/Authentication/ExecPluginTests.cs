using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Authentication;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Authentication;

/// <summary>Real plugins: scripts that /bin/sh reads.</summary>
public sealed class ExecPluginTests : AuthenticationTest
{
    private const string V1 = "client.authentication.k8s.io/v1";

    [Theory]
    [InlineData("client.authentication.k8s.io/v1")]
    [InlineData("client.authentication.k8s.io/v1beta1")]
    public async Task A_plugin_gives_a_token(string apiVersion)
    {
        using var connection = ConnectTo(Answer("""{"token":"abc"}""", apiVersion), apiVersion);
        Assert.Equal("abc", await connection.Credential.GetTokenAsync(refresh: false, Cancellation));
        Assert.Null(connection.Credential.ClientCertificate);
    }

    [Fact]
    public async Task A_plugin_gives_a_client_certificate()
    {
        var (certificate, key) = TestCertificates.Create("EC SEC1");
        var status = new JsonObject { ["clientCertificateData"] = certificate, ["clientKeyData"] = key };
        Write("answer.json", new JsonObject { ["kind"] = "ExecCredential", ["apiVersion"] = V1, ["status"] = status }.ToJsonString());
        using var connection = ConnectTo($"cat '{Path.Combine(Folder, "answer.json")}'");

        Assert.Null(connection.Credential.ClientCertificate);
        Assert.Null(await connection.Credential.GetTokenAsync(refresh: false, Cancellation));
        Assert.True(connection.Credential.ClientCertificate!.HasPrivateKey);
    }

    [Fact]
    public async Task It_gets_arguments_variables_and_no_standard_input()
    {
        using var connection = ConnectTo(
            "read line || end=ended\n" + Answer("""{"token":"'$1-$2-$GREETING-$end-$#'"}"""),
            more: """, "env": [{"name": "GREETING", "value": "hello"}]""",
            arguments: """, "one", "'two'" """);
        Assert.Equal("one-'two'-hello-ended-2", await connection.Credential.GetTokenAsync(refresh: false, Cancellation));
    }

    [Theory]
    [InlineData(false, V1)]
    [InlineData(true, "client.authentication.k8s.io/v1beta1")]
    public async Task It_is_told_of_the_cluster_where_that_is_wanted(bool provideClusterInfo, string apiVersion)
    {
        var authority = TestCertificates.Create("EC PKCS8").Certificate;
        var seen = Path.Combine(Folder, "seen.json");
        using var connection = ConnectTo(
            $"printf %s \"$KUBERNETES_EXEC_INFO\" >'{seen}'\n" + Answer("""{"token":"t"}""", apiVersion),
            apiVersion,
            $", \"provideClusterInfo\": {(provideClusterInfo ? "true" : "false")}",
            cluster: $$"""
                {server: 'https://host:6443', certificate-authority-data: {{TestCertificates.Base64(authority)}}, tls-server-name: n, proxy-url: 'http://p:1',
                 extensions: [{name: other, extension: 1}, {name: client.authentication.k8s.io/exec, extension: {audience: a, n: 7, list: [true, '7', 1.5, ~]} }]}
                """);
        await connection.Credential.GetTokenAsync(refresh: false, Cancellation);

        var expected = new JsonObject
        {
            ["kind"] = "ExecCredential",
            ["apiVersion"] = apiVersion,
            ["spec"] = new JsonObject { ["interactive"] = false },
        };
        if (provideClusterInfo)
        {
            expected["spec"]!["cluster"] = new JsonObject
            {
                ["server"] = "https://host:6443",
                ["tls-server-name"] = "n",
                ["certificate-authority-data"] = TestCertificates.Base64(authority),
                ["proxy-url"] = "http://p:1",
                ["config"] = JsonNode.Parse("""{"audience": "a", "n": 7, "list": [true, "7", 1.5, null]}"""),
            };
        }

        Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(File.ReadAllText(seen))), File.ReadAllText(seen));
    }

    [Fact]
    public async Task A_command_with_a_slash_starts_at_the_kubeconfig_and_one_without_is_on_the_PATH()
    {
        Directory.CreateDirectory(Path.Combine(Folder, "bin"));
        File.CreateSymbolicLink(Path.Combine(Folder, "bin/plugin"), "/bin/sh");
        using (var bySlash = ConnectTo(Answer("""{"token":"t"}"""), command: "./bin/plugin"))
        {
            Assert.Equal("t", await bySlash.Credential.GetTokenAsync(refresh: false, Cancellation));
        }

        Variables["PATH"] = $"relative:/nowhere:{Path.Combine(Folder, "bin")}";
        using var byPath = ConnectTo(Answer("""{"token":"t"}"""), command: "plugin");
        Assert.Equal("t", await byPath.Credential.GetTokenAsync(refresh: false, Cancellation));
    }

    [Theory]
    [InlineData("no-such-plugin")]
    [InlineData("./no-such-plugin")]
    [InlineData("./config")]
    public async Task A_command_that_is_not_there_shows_the_install_hint(string command)
    {
        using var connection = ConnectTo("true", command: command, more: """, "installHint": "brew install it" """);
        var message = await ErrorOfAsync(connection);
        Assert.Contains("brew install it", message, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(command), message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("echo 'log in first' >&2; echo 'token: SECRETSECRETSECRET' >&2; exit 3", "exit code 3", "log in first")]
    [InlineData("echo SECRET; exit 1", "exit code 1", "nothing to standard error")]
    [InlineData("true", "not JSON", "ExecCredential")]
    [InlineData("echo '{\"token\": SECRET}'", "not JSON", "line 0")]
    [InlineData("echo '\"SECRET\"'", "not an ExecCredential", V1)]
    [InlineData("echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1alpha1\"}'", "not an ExecCredential", V1)]
    [InlineData("echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\"}'", "no status", "by hand")]
    [InlineData("head -c 2000000 /dev/zero", "far more", "sh")]
    public async Task A_failing_plugin_is_explained(string script, string first, string second)
    {
        using var connection = ConnectTo(script);
        var message = await ErrorOfAsync(connection);
        Assert.Contains(first, message, StringComparison.Ordinal);
        Assert.Contains(second, message, StringComparison.Ordinal);
        Assert.Contains("users[one].user.exec", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{}""", "neither a token")]
    [InlineData("""{"token":""}""", "neither a token")]
    [InlineData("""{"token":7}""", "not a text")]
    [InlineData("""{"token":"SECRET SECRET"}""", "white space")]
    [InlineData("""{"token":"t","clientKeyData":"SECRET"}""", "not both")]
    [InlineData("""{"clientCertificateData":"SECRET","clientKeyData":"SECRET"}""", "PEM")]
    [InlineData("""{"token":"t","expirationTimestamp":"tomorrow"}""", "expirationTimestamp")]
    public async Task An_answer_without_a_credential_is_explained(string status, string expected)
    {
        using var connection = ConnectTo(Answer(status));
        Assert.Contains(expected, await ErrorOfAsync(connection), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("client.authentication.k8s.io/v1alpha1", "", "v1alpha1")]
    [InlineData(V1, """, "interactiveMode": "Always" """, "here there is none")]
    [InlineData(V1, """, "interactiveMode": "Sometimes" """, "Sometimes")]
    [InlineData(V1, """, "env": [{"value": "x"}]""", "env[0].name")]
    [InlineData(V1, """, "env": "x" """, "list")]
    public void What_cannot_work_is_refused_before_any_run(string apiVersion, string more, string expected) =>
        Assert.Contains(expected, ErrorOf(() => ConnectTo("true", apiVersion, more)), StringComparison.Ordinal);

    [Theory]
    [InlineData("Never")]
    [InlineData("IfAvailable")]
    public async Task Modes_that_need_nobody_are_fine(string mode)
    {
        using var connection = ConnectTo(Answer("""{"token":"t"}"""), more: $", \"interactiveMode\": \"{mode}\"");
        Assert.Equal("t", await connection.Credential.GetTokenAsync(refresh: false, Cancellation));
    }

    [Fact]
    public async Task Cancellation_kills_the_plugin()
    {
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        using var plugin = await StartHangingAsync(cancelled.Token);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => plugin.Run.WaitAsync(Patience, Cancellation));
        await plugin.Process.WaitForExitAsync(Cancellation).WaitAsync(Patience, Cancellation);
    }

    [Fact]
    public async Task A_plugin_that_hangs_is_killed_at_the_time_limit_and_what_it_said_is_told()
    {
        using var plugin = await StartHangingAsync(Cancellation);
        Clock.Advance(ExecPlugin.TimeLimit);
        var error = await Assert.ThrowsAsync<KubeConfigException>(() => plugin.Run.WaitAsync(Patience, Cancellation));
        Assert.Contains("within 30 s", error.Message, StringComparison.Ordinal);
        Assert.Contains("waiting for the browser", error.Message, StringComparison.Ordinal);
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
        Assert.Equal("t", answer.Token);
    }

    [Fact]
    public async Task What_a_plugin_says_goes_to_the_log_without_the_token()
    {
        using var connection = ConnectTo("echo 'deprecated: use abc-opaque' >&2\n" + Answer("""{"token":"abc-opaque"}"""));
        await connection.Credential.GetTokenAsync(refresh: false, Cancellation);
        Assert.Contains("deprecated: use ***", Assert.Single(Logged, l => l.Id == 153).Text, StringComparison.Ordinal);
    }

    private static string Answer(string status, string apiVersion = V1) =>
        $$"""echo '{"kind":"ExecCredential","apiVersion":"{{apiVersion}}","status":{{status}} }'""";

    private static async Task<string> ErrorOfAsync(KubeConnection connection)
    {
        var error = await Assert.ThrowsAsync<KubeConfigException>(() => connection.Credential.GetTokenAsync(refresh: false, Cancellation).AsTask());
        Assert.DoesNotContain("SECRET", error.ToString(), StringComparison.Ordinal);
        return error.Message;
    }

    private static ExecPluginSettings Settings(string script) =>
        new() { Origin = "test", Command = "/bin/sh", ApiVersion = V1, Arguments = [script], ExecInfo = "{}" };

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

    private KubeConnection ConnectTo(
        string script, string apiVersion = V1, string more = "", string command = "/bin/sh", string arguments = "", string cluster = "{server: https://host:6443}")
    {
        var path = Write("plugin.sh", script);
        return ConnectOne(cluster, $$"""{"exec": {"apiVersion": "{{apiVersion}}", "command": "{{command}}", "args": ["{{path}}"{{arguments}}]{{more}} } }""");
    }

    private sealed record Hanging(Task<ExecAnswer> Run, Process Process) : IDisposable
    {
        public void Dispose() => Process.Dispose();
    }
}
