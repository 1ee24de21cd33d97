using System.Collections.Concurrent;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Authentication;
using Flink.Kubernetes.HA.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Authentication;

/// <summary>A folder of files, an environment and a clock of the test's own.</summary>
public abstract class AuthenticationTest : IDisposable
{
    protected AuthenticationTest() => Folder = Directory.CreateTempSubdirectory("kube-authentication-").FullName;

    private protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>How long to wait, in real time, for what comes at once unless it is broken.</summary>
    private protected static TimeSpan Patience { get; } = TimeSpan.FromSeconds(30);

    private protected string Folder { get; }

    private protected ManualTimeProvider Clock { get; } = new();

    private protected Dictionary<string, string> Variables { get; } = [];

    private protected ConcurrentQueue<(int Id, string Text)> Logged { get; } = [];

    private protected AuthenticationEnvironment TestEnvironment => new()
    {
        Variable = name => Variables.GetValueOrDefault(name),
        HomeDirectory = Path.Combine(Folder, "home"),
        ServiceAccountDirectory = Path.Combine(Folder, "serviceaccount"),
        TimeProvider = Clock,
        Logger = new QueueLogger(Logged),
    };

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected string Write(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>A kubeconfig with one cluster, context and user, all named "one"; the bodies are YAML in flow style.</summary>
    private protected string WriteOne(string cluster = "{server: https://host:6443}", string user = "{token: t}", string context = "{cluster: one, user: one}") =>
        Write("config", $$"""
            apiVersion: v1
            kind: Config
            current-context: one
            clusters: [{name: one, cluster: {{cluster}}}]
            contexts: [{name: one, context: {{context}}}]
            users: [{name: one, user: {{user}}}]
            """);

    private protected KubeConnection Connect(string? path, string? context = null) => KubeConnection.FromKubeConfig(path, context, TestEnvironment);

    private protected KubeConnection ConnectOne(string cluster = "{server: https://host:6443}", string user = "{token: t}", string context = "{cluster: one, user: one}") =>
        Connect(WriteOne(cluster, user, context));

    private protected static string ErrorOf(Action action)
    {
        var message = Assert.Throws<KubeConfigException>(action).Message;
        Assert.DoesNotContain("SECRET", message, StringComparison.Ordinal);
        return message;
    }

    private sealed class QueueLogger(ConcurrentQueue<(int Id, string Text)> logged) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            logged.Enqueue((eventId.Id, $"{formatter(state, exception)} {exception?.Message}"));
    }
}
