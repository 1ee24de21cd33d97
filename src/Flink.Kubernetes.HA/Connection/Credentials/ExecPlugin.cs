using Flink.Kubernetes.HA.Connection.KubeConfig;
using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;
using System.Text;

namespace Flink.Kubernetes.HA.Connection.Credentials;

/// <summary>Runs a credential plugin (client.authentication.k8s.io) and reads its answer.</summary>
internal sealed class ExecPlugin(ExecPluginSettings settings, ConnectionEnvironment environment)
{
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(1);

    /// <summary>How long a plugin may take: long enough to ask a slow identity provider, and nobody is there to wait for.</summary>
    public static TimeSpan TimeLimit { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Runs it once; cancellation and the time limit kill it and its children.</summary>
    /// <exception cref="KubernetesHaException">It cannot be started, fails, takes too long, or prints no credential.</exception>
    public async Task<ExecAnswer> RunAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(TimeLimit, environment.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        using var process = Start();
        using var output = new PluginOutput(process.StandardOutput);
        using var errors = new PluginOutput(process.StandardError);
        process.StandardInput.Close();
        var printed = Task.WhenAll(output.ReadToEndAsync(), errors.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await KillAsync(process).ConfigureAwait(false);
            await DrainAsync(printed).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            throw Failed($"did not end within {TimeLimit.TotalSeconds:0} s and was killed", errors);
        }

        await DrainAsync(printed).ConfigureAwait(false);
        if (process.ExitCode != 0)
        {
            throw Failed($"failed with exit code {process.ExitCode}", errors);
        }

        if (output.IsTooLong)
        {
            throw Failed("printed far more than a credential", errors);
        }

        var answer = ExecAnswer.Parse(output.Text, settings);
        ConnectionLog.PluginRan(environment.Logger, settings.Command, answer.Expiration, SecretText.Mask(errors.Text, answer.Token));
        return answer;
    }

    private Process Start()
    {
        var path = ExecutablePath.Find(settings.Command, environment) ?? throw NotFound();
        var start = new ProcessStartInfo(path, settings.Arguments)
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var (name, value) in settings.Variables)
        {
            start.Environment[name] = value;
        }

        start.Environment["KUBERNETES_EXEC_INFO"] = settings.ExecInfo;
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw ConfigurationError.Create(
                $"{settings.Origin}: '{path}' cannot be started: {e.Message} Is it a program for this machine, with the right to run it?", e);
        }
    }

    // What the plugin itself printed has come when it has ended; a daemon that it left behind may hold the pipe open for ever.
    private async Task DrainAsync(Task printed)
    {
        try
        {
            await printed.WaitAsync(DrainLimit, environment.TimeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
        }
    }

    // Waits for the end, so that no second run overlaps with a dying one; but not for a process that even a kill does not end.
    private async Task KillAsync(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None).WaitAsync(ExitLimit, environment.TimeProvider).ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException or NotSupportedException or TimeoutException)
        {
            ConnectionLog.PluginNotKilled(environment.Logger, settings.Command, e);
        }
    }

    private KubernetesHaException NotFound()
    {
        var hint = settings.InstallHint is null ? "Install it, or correct exec.command." : $"The kubeconfig says: {settings.InstallHint}";
        var where = Path.IsPathRooted(settings.Command) ? string.Empty : " on the PATH of this process";
        return ConfigurationError.Create($"{settings.Origin}: there is no executable '{settings.Command}'{where}. {hint}");
    }

    private KubernetesHaException Failed(string what, PluginOutput errors)
    {
        var said = SecretText.Mask(errors.Text) is { Length: > 0 } text ? $"It says: {text}" : "It printed nothing to standard error.";
        return ConfigurationError.Create($"{settings.Origin}: '{settings.Command}' {what}. {said}");
    }
}

/// <summary>Finds a command as a shell does: by PATH and, unlike the runtime, never in the current folder.</summary>
internal static class ExecutablePath
{
    public static string? Find(string command, ConnectionEnvironment environment)
    {
        if (Path.IsPathRooted(command))
        {
            return FindFile(command, environment);
        }

        var folders = (environment.Variable("PATH") ?? string.Empty).Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Where(Path.IsPathRooted).Select(f => FindFile(Path.Combine(f, command), environment)).FirstOrDefault(p => p is not null);
    }

    private static string? FindFile(string path, ConnectionEnvironment environment)
    {
        if (!OperatingSystem.IsWindows())
        {
            const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
            return File.Exists(path) && (File.GetUnixFileMode(path) & AnyExecute) != 0 ? path : null;
        }

        string[] endings = [string.Empty, .. (environment.Variable("PATHEXT") ?? ".COM;.EXE;.BAT;.CMD").Split(';', StringSplitOptions.RemoveEmptyEntries)];
        return endings.Where(e => e.Length > 0 || Path.HasExtension(path)).Select(e => path + e).FirstOrDefault(File.Exists);
    }
}

/// <summary>What a plugin prints, up to a limit; the rest is read, so that the plugin is not held up, and dropped.</summary>
internal sealed class PluginOutput(StreamReader reader) : IDisposable
{
    private const int Longest = 1024 * 1024;

    private readonly StringBuilder _text = new();

    /// <summary>The text as far as it has come.</summary>
    public string Text
    {
        get
        {
            lock (_text)
            {
                return _text.ToString().Trim();
            }
        }
    }

    public bool IsTooLong { get; private set; }

    public async Task ReadToEndAsync()
    {
        var buffer = new char[4096];
        try
        {
            while (await reader.ReadAsync(buffer, CancellationToken.None).ConfigureAwait(false) is > 0 and var read)
            {
                Append(buffer.AsSpan(0, read));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            // The plugin was killed, and a child of it may still have held the pipe: what has come has to do.
        }
    }

    public void Dispose() => reader.Dispose();

    private void Append(ReadOnlySpan<char> read)
    {
        lock (_text)
        {
            IsTooLong |= _text.Length + read.Length > Longest;
            _text.Append(read[..Math.Min(read.Length, Longest - _text.Length)]);
        }
    }
}

/// <summary>Makes what a plugin prints to standard error fit for logs and errors.</summary>
internal static partial class SecretText
{
    private const int LongestTail = 2000;

    /// <summary>The end of the text, with what looks like a token or a key masked.</summary>
    public static string Mask(string text, string? knownSecret = null)
    {
        var masked = Secret().Replace(knownSecret is null ? text : text.Replace(knownSecret, "***", StringComparison.Ordinal), "***");
        return masked.Length <= LongestTail ? masked : $"... {masked[^LongestTail..]}";
    }

    // JSON Web Tokens, EKS tokens, long words after "Bearer" or a key that is named after a secret, and PEM keys.
    [GeneratedRegex(
        """eyJ[\w-]{5,}(\.[\w-]*){0,2}|k8s-aws-v1\.\S+|(?<=bearer\s+)\S{12,}|(?<=(token|password|secret|clientKeyData)"?\s*[:=]\s*"?)[^\s"]{12,}|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)""",
        RegexOptions.IgnoreCase | RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Secret();
}
