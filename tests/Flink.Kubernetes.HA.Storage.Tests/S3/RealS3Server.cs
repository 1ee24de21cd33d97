using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Amazon.Runtime;

namespace Flink.Kubernetes.HA.Storage.Tests.S3;

/// <summary>A real S3 server: Ceph's, of this test run alone.</summary>
/// <remarks>
/// start.sh keeps it for as long as its command runs, and the command runs until its standard input ends. That is a pipe from this
/// process, so the server goes when this process ends, also when it is killed.
/// </remarks>
public sealed class RealS3Server : IAsyncDisposable
{
    private const int SigCont = 18;
    private const int SigStop = 19;
    private readonly Process _keeper;
    private readonly string _directory;

    private RealS3Server(Process keeper, string directory) => (_keeper, _directory) = (keeper, directory);

    public string Endpoint => Value("S3_ENDPOINT");

    public string Bucket => Value("S3_BUCKET");

    public string Version => Value("S3_VERSION");

    public (string Access, string Secret) Credentials => (Value("S3_ACCESS_KEY"), Value("S3_SECRET_KEY"));

    public static async Task<RealS3Server> StartAsync()
    {
        // Returns at once when it is installed, and locks out a second installer.
        await S3Scripts.RunAsync("install.sh", S3Scripts.CacheFolder);
        var keeper = new Process { StartInfo = S3Scripts.Command("start.sh", "-b", S3Scripts.CacheFolder, "-w", "120", "-r", "sh", "-c", "printf '%s\\n' \"$S3_DIR\"; exec cat >/dev/null") };
        var errors = new StringBuilder();
        keeper.ErrorDataReceived += (_, line) =>
        {
            lock (errors)
            {
                errors.AppendLine(line.Data);
            }
        };
        keeper.Start();
        keeper.BeginErrorReadLine();
        if (await keeper.StandardOutput.ReadLineAsync() is { Length: > 0 } directory)
        {
            return new RealS3Server(keeper, directory);
        }

        await keeper.WaitForExitAsync();
        keeper.Dispose();
        lock (errors)
        {
            throw new InvalidOperationException($"The S3 server did not start:\n{errors}");
        }
    }

    /// <summary>A client with the SDK's defaults, unless told otherwise.</summary>
    public AmazonS3Client CreateClient(Action<AmazonS3Config>? configure = null, string? endpoint = null, string? secret = null)
    {
        var config = new AmazonS3Config { ServiceURL = endpoint ?? Endpoint, ForcePathStyle = true, AuthenticationRegion = Value("S3_REGION") };
        configure?.Invoke(config);
        return new AmazonS3Client(new BasicAWSCredentials(Value("S3_ACCESS_KEY"), secret ?? Value("S3_SECRET_KEY")), config);
    }

    /// <summary>Options for a storage below a prefix that nobody else has.</summary>
    public S3StateStorageOptions Options(string? prefix = null) => new() { BucketName = Bucket, KeyPrefix = prefix ?? $"t{Guid.NewGuid():N}" };

    /// <summary>Kills the server's front; connections are refused until <see cref="RestartAsync"/>.</summary>
    public Task KillAsync() => S3Scripts.RunAsync("stop.sh", _directory, "radosgw");

    /// <summary>Starts the front again (and kills it first, if it runs): same address, keys and objects.</summary>
    public Task RestartAsync() => S3Scripts.RunAsync("restart.sh", _directory, "radosgw");

    /// <summary>Lets the store behind the front stand still: requests wait.</summary>
    public void PauseStore() => Signal("S3_OSD_PID", SigStop);

    public void ResumeStore() => Signal("S3_OSD_PID", SigCont);

    public async ValueTask DisposeAsync()
    {
        _keeper.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await _keeper.WaitForExitAsync(limit.Token);
        _keeper.Dispose();
    }

    private string Value(string name) =>
        File.ReadLines(Path.Combine(_directory, "env")).Single(line => line.StartsWith($"export {name}=", StringComparison.Ordinal)).Split('=', 2)[1].Trim('\'');

    private void Signal(string processName, int signal)
    {
        var process = int.Parse(Value(processName), CultureInfo.InvariantCulture);
        if (Kill(process, signal) != 0)
        {
            throw new InvalidOperationException($"Signal {signal} did not reach process {process}: errno {Marshal.GetLastPInvokeError()}.");
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
