using System.Diagnostics;
using Flink.Kubernetes.HA.Testing;
using k8s;

namespace Flink.Kubernetes.HA.Tests.Testing;

/// <summary>kubectl as an independent client; where there is none, the REST surface is what <see cref="InMemoryApiServerHostTests"/> asks of it.</summary>
public sealed class KubectlTests : InMemoryCluster, IAsyncLifetime
{
    private static readonly string? Kubectl = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
        .Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? "kubectl.exe" : "kubectl"))
        .FirstOrDefault(File.Exists);

    private readonly string _folder = Directory.CreateTempSubdirectory("kubectl-").FullName;
    private InMemoryApiServerHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await InMemoryApiServerHost.StartAsync(Server, useTls: true, cancellationToken: Cancellation);
        _host.WriteKubeConfig(Path.Combine(_folder, "config"), "kubectl-user");
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
        Dispose();
    }

    [Fact(Timeout = 120_000)]
    public async Task Kubectl_creates_reads_patches_and_deletes_a_config_map()
    {
        Assert.SkipWhen(Kubectl is null, "There is no kubectl in the path.");
        var file = Path.Combine(_folder, "map.yaml");
        await File.WriteAllTextAsync(file, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v\n", Cancellation);
        (await RunAsync("create", "-f", file)).Should().Contain("created");
        (await ReadAsync()).Data["k"].Should().Be("v");
        (await RunAsync("get", "cm", "a", "-o", "yaml")).Should().Contain("  k: v");
        await RunAsync("patch", "cm", "a", "--type=json", "-p", """[{"op":"test","path":"/data/k","value":"v"},{"op":"add","path":"/data/l","value":"w"}]""");
        await RunAsync("patch", "cm", "a", "--type=merge", "-p", """{"data":{"k":"merged"}}""");
        await RunAsync("patch", "cm", "a", "-p", """{"metadata":{"labels":{"app":"x"}}}""");
        await RunAsync("annotate", "cm", "a", "note=hello");
        (await RunAsync("get", "cm", "-l", "app=x", "-o", "jsonpath={.items[0].data.k} {.items[0].data.l} {.items[0].metadata.annotations.note}")).Should().Be("merged w hello");
        (await RunAsync("get", "configmaps", "-A", "-o", "name")).Should().Contain("configmap/a");
        (await RunAsync("delete", "cm", "a")).Should().Contain("deleted");
        Server.Requests.Where(r => r.User != "admin").Should().OnlyContain(r => r.User == "kubectl-user");
    }

    [Fact(Timeout = 120_000)]
    public async Task Kubectl_applies_and_replaces_from_files()
    {
        Assert.SkipWhen(Kubectl is null, "There is no kubectl in the path.");
        var file = Path.Combine(_folder, "lease.yaml");
        const string Lease = "apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata:\n  name: a\nspec:\n  holderIdentity: ";
        await File.WriteAllTextAsync(file, Lease + "one\n", Cancellation);
        await RunAsync("apply", "-f", file);
        await File.WriteAllTextAsync(file, Lease + "two\n", Cancellation);
        await RunAsync("apply", "-f", file);
        (await Client.CoordinationV1.ReadNamespacedLeaseAsync("a", Space, cancellationToken: Cancellation)).Spec.HolderIdentity.Should().Be("two");
        await File.WriteAllTextAsync(file, Lease + "three\n", Cancellation);
        await RunAsync("replace", "-f", file);
        (await RunAsync("get", "lease", "a", "-o", "jsonpath={.spec.holderIdentity}")).Should().Be("three");
    }

    [Fact(Timeout = 120_000)]
    public async Task Kubectl_watches()
    {
        Assert.SkipWhen(Kubectl is null, "There is no kubectl in the path.");
        await CreateAsync(NewMap("a", ("k", "one")));
        using var watch = Start("get", "cm", "a", "-w", "-o", "jsonpath={.data.k}{'\\n'}");
        (await watch.StandardOutput.ReadLineAsync(Cancellation)).Should().Be("one");
        while (Server.OpenWatches == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Cancellation);
        }

        await PatchAsync("""{"op":"replace","path":"/data/k","value":"two"}""");
        (await watch.StandardOutput.ReadLineAsync(Cancellation)).Should().Be("two");
        watch.Kill();
        await watch.WaitForExitAsync(Cancellation);
    }

    private async Task<string> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        var output = process.StandardOutput.ReadToEndAsync(Cancellation);
        var errors = await process.StandardError.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        process.ExitCode.Should().Be(0, $"kubectl {string.Join(' ', arguments)} says {errors}");
        return await output;
    }

    private Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Kubectl!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["KUBECONFIG"] = Path.Combine(_folder, "config");
        start.Environment["HOME"] = _folder;
        start.Environment["NO_PROXY"] = "127.0.0.1";
        return Process.Start(start)!;
    }
}
