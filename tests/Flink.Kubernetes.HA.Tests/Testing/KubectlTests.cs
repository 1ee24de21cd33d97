using System.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Testing;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.Testing;

/// <summary>kubectl as an independent client; where there is none, the REST surface is what <see cref="InMemoryApiServerHostTests"/> asks of it.</summary>
public sealed class KubectlTests : InMemoryCluster, IAsyncLifetime
{
    private static readonly string? s_kubectl = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
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
        if (s_kubectl is null)
        {
            return;
        }

        var file = Path.Combine(_folder, "map.yaml");
        await File.WriteAllTextAsync(file, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v\n", Cancellation);
        Assert.Contains("created", await RunAsync("create", "-f", file), StringComparison.Ordinal);
        Assert.Equal("v", (await Client.GetAsync(KubeResources.ConfigMaps, Key, Cancellation)).Data!["k"]);
        Assert.Contains("  k: v", await RunAsync("get", "cm", "a", "-o", "yaml"), StringComparison.Ordinal);
        await RunAsync("patch", "cm", "a", "--type=json", "-p", """[{"op":"test","path":"/data/k","value":"v"},{"op":"add","path":"/data/l","value":"w"}]""");
        await RunAsync("patch", "cm", "a", "--type=merge", "-p", """{"data":{"k":"merged"}}""");
        await RunAsync("patch", "cm", "a", "-p", """{"metadata":{"labels":{"app":"x"}}}""");
        await RunAsync("annotate", "cm", "a", "note=hello");
        Assert.Equal("merged w hello", await RunAsync("get", "cm", "-l", "app=x", "-o", "jsonpath={.items[0].data.k} {.items[0].data.l} {.items[0].metadata.annotations.note}"));
        Assert.Contains("configmap/a", await RunAsync("get", "configmaps", "-A", "-o", "name"), StringComparison.Ordinal);
        Assert.Contains("deleted", await RunAsync("delete", "cm", "a"), StringComparison.Ordinal);
        Assert.All(Server.Requests.Where(r => r.User != "admin"), r => Assert.Equal("kubectl-user", r.User));
    }

    [Fact(Timeout = 120_000)]
    public async Task Kubectl_applies_and_replaces_from_files()
    {
        if (s_kubectl is null)
        {
            return;
        }

        var file = Path.Combine(_folder, "lease.yaml");
        const string Lease = "apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata:\n  name: a\nspec:\n  holderIdentity: ";
        await File.WriteAllTextAsync(file, Lease + "one\n", Cancellation);
        await RunAsync("apply", "-f", file);
        await File.WriteAllTextAsync(file, Lease + "two\n", Cancellation);
        await RunAsync("apply", "-f", file);
        Assert.Equal("two", (await Client.GetAsync(KubeResources.Leases, Key, Cancellation)).Spec!.HolderIdentity);
        await File.WriteAllTextAsync(file, Lease + "three\n", Cancellation);
        await RunAsync("replace", "-f", file);
        Assert.Equal("three", await RunAsync("get", "lease", "a", "-o", "jsonpath={.spec.holderIdentity}"));
    }

    [Fact(Timeout = 120_000)]
    public async Task Kubectl_watches()
    {
        if (s_kubectl is null)
        {
            return;
        }

        await CreateAsync(NewMap("a", ("k", "one")));
        using var watch = Start("get", "cm", "a", "-w", "-o", "jsonpath={.data.k}{'\\n'}");
        Assert.Equal("one", await watch.StandardOutput.ReadLineAsync(Cancellation));
        while (Server.OpenWatches == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Cancellation);
        }

        await PatchAsync(JsonPatchOperation.Replace("/data/k", "two"));
        Assert.Equal("two", await watch.StandardOutput.ReadLineAsync(Cancellation));
        watch.Kill();
        await watch.WaitForExitAsync(Cancellation);
    }

    private async Task<string> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        var output = process.StandardOutput.ReadToEndAsync(Cancellation);
        var errors = await process.StandardError.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        Assert.True(process.ExitCode == 0, $"kubectl {string.Join(' ', arguments)}: {errors}");
        return await output;
    }

    private Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(s_kubectl!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["KUBECONFIG"] = Path.Combine(_folder, "config");
        start.Environment["HOME"] = _folder;
        start.Environment["NO_PROXY"] = "127.0.0.1";
        return Process.Start(start)!;
    }
}
