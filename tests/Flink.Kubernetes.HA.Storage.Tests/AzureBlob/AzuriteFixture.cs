using System.Diagnostics;
using Azure.Storage.Blobs;

[assembly: AssemblyFixture(typeof(Flink.Kubernetes.HA.Storage.Tests.AzureBlob.AzuriteFixture))]

namespace Flink.Kubernetes.HA.Storage.Tests.AzureBlob;

/// <summary>The Azurite that all tests of a run share; started when the first one asks. It ends when this process does.</summary>
public sealed class AzuriteFixture : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private Task<(Process Keeper, string Connection)>? _server;

    /// <summary>The connection string; the container <c>flink-ha</c> exists. Fails the test when no server can be had.</summary>
    public async Task<string> GetAsync()
    {
        lock (_gate)
        {
            _server ??= Task.Run(StartAsync);
        }

        return (await _server).Connection;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is { IsCompletedSuccessfully: true })
        {
            var (keeper, _) = await _server;
            keeper.StandardInput.Close();
            await keeper.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token);
            keeper.Dispose();
        }
    }

    private static async Task<(Process Keeper, string Connection)> StartAsync()
    {
        using (var install = Run("install.sh"))
        {
            install.StandardInput.Close();
            await install.WaitForExitAsync();
            install.ExitCode.Should().Be(0, "Azurite is installed");
        }

        var keeper = Run("start.sh");
        var port = await keeper.StandardOutput.ReadLineAsync();
        port.Should().NotBeNullOrEmpty("Azurite starts");

        // The key is the emulator's, and known to all.
        var connection = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
            + "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
            + $"BlobEndpoint=http://127.0.0.1:{port}/devstoreaccount1;";
        await new BlobContainerClient(connection, "flink-ha").CreateIfNotExistsAsync();
        return (keeper, connection);
    }

    private static Process Run(string script) => Process.Start(
        new ProcessStartInfo("bash", [Path.Combine(AppContext.BaseDirectory, "servers", "azurite", script)]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
}
