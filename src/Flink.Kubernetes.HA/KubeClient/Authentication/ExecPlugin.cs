using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Flink.Kubernetes.HA.Diagnostics;

namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>Runs a credential plugin (client.authentication.k8s.io) and reads its answer.</summary>
internal sealed class ExecPlugin(ExecPluginSettings settings, AuthenticationEnvironment environment)
{
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(1);

    /// <summary>How long a plugin may take: long enough to ask a slow identity provider, and nobody is there to wait for.</summary>
    public static TimeSpan TimeLimit { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Runs it once; cancellation and the time limit kill it and its children.</summary>
    /// <exception cref="KubeConfigException">It cannot be started, fails, takes too long, or prints no credential.</exception>
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
        Log.PluginRan(environment.Logger, settings.Command, answer.Expiration, SecretText.Mask(errors.Text, answer.Token));
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
            throw new KubeConfigException($"{settings.Origin}: '{path}' cannot be started: {e.Message} Is it a program for this machine, with the right to run it?", e);
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
            Log.PluginNotKilled(environment.Logger, settings.Command, e);
        }
    }

    private KubeConfigException NotFound()
    {
        var hint = settings.InstallHint is null ? "Install it, or correct exec.command." : $"The kubeconfig says: {settings.InstallHint}";
        var where = Path.IsPathRooted(settings.Command) ? string.Empty : " on the PATH of this process";
        return new KubeConfigException($"{settings.Origin}: there is no executable '{settings.Command}'{where}. {hint}");
    }

    private KubeConfigException Failed(string what, PluginOutput errors)
    {
        var said = SecretText.Mask(errors.Text);
        return new KubeConfigException($"{settings.Origin}: '{settings.Command}' {what}. {(said.Length == 0 ? "It printed nothing to standard error." : $"It says: {said}")}");
    }
}
