using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Flink.Kubernetes.HA.Connection;
using FluentAssertions;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Flink.Kubernetes.HA.Tests.Connection;

/// <summary>A folder of files, an environment and a clock of the test's own.</summary>
public abstract class ConnectionTest : IDisposable
{
    private protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>How long to wait, in real time, for what comes at once unless it is broken.</summary>
    private protected static TimeSpan Patience { get; } = TimeSpan.FromSeconds(20);

    private protected string Folder { get; } = Directory.CreateTempSubdirectory("connection-").FullName;

    private protected SteppingTimeProvider Clock { get; } = new();

    private protected Dictionary<string, string> Variables { get; } = [];

    private protected ConcurrentQueue<(int Id, string Text)> Logged { get; } = [];

    private protected ConnectionEnvironment TestEnvironment => new()
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

    private protected static Task<V1ConfigMap> GetAsync(k8s.Kubernetes client, CancellationToken? cancellationToken = null) =>
        client.CoreV1.ReadNamespacedConfigMapAsync("a", "ns", cancellationToken: cancellationToken ?? Cancellation).WaitAsync(Patience, Cancellation);

    private protected static Task<V1ConfigMap> PatchAsync(k8s.Kubernetes client, CancellationToken? cancellationToken = null) =>
        client.CoreV1.PatchNamespacedConfigMapAsync(
            new V1Patch("""[{"op":"add","path":"/data/k","value":"v"}]""", V1Patch.PatchType.JsonPatch), "a", "ns", cancellationToken: cancellationToken ?? Cancellation).WaitAsync(Patience, Cancellation);

    /// <summary>Opens a watch as soon as the server has sent the headers.</summary>
    private protected static async Task<HttpResponseMessage> WatchAsync(k8s.Kubernetes client, CancellationToken? cancellationToken = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(client.BaseUri, "api/v1/namespaces/ns/configmaps?watch=true")) { Version = HttpVersion.Version20 };
        return await client.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken ?? Cancellation).WaitAsync(Patience, Cancellation);
    }

    private protected static async Task<HttpStatusCode> StatusOf(Func<Task> call) =>
        (await call.Should().ThrowAsync<HttpOperationException>()).Which.Response.StatusCode;

    /// <summary>The whole text of a failure to connect.</summary>
    private protected static async Task<string> ConnectionErrorOf(Func<Task> call) => (await call.Should().ThrowAsync<HttpRequestException>()).Which.ToString();

    private protected static async Task EventuallyAsync(Func<bool> condition, string what)
    {
        // Real time: what is waited for happens on sockets, which tell nobody.
        for (var started = Stopwatch.GetTimestamp(); !condition();)
        {
            Stopwatch.GetElapsedTime(started).Should().BeLessThan(Patience, what);
            await Task.Delay(5, Cancellation);
        }
    }

    private protected static KubernetesClientConfiguration Configuration(TestApiServer server, TestAuthority? authority = null, string? token = "token") => new()
    {
        Host = server.Url.AbsoluteUri,
        AccessToken = token,
        SslCaCerts = authority is null ? null : [authority.Certificate],
    };

    private protected k8s.Kubernetes Connect(KubernetesClientConfiguration configuration, ApiServerOptions? options = null) => configuration.CreateHaClient(options, TestEnvironment);

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

    private protected ApiServerConfiguration Load(string? path = null, string? context = null) => ApiServerConfiguration.Load(path, context, TestEnvironment);

    private protected ApiServerConfiguration LoadOne(string cluster = "{server: https://host:6443}", string user = "{token: t}", string context = "{cluster: one, user: one}") =>
        Load(WriteOne(cluster, user, context));

    /// <summary>What loading and connecting says is wrong with a configuration; it must not show a secret.</summary>
    private protected string ErrorOf(Func<KubernetesClientConfiguration> load)
    {
        var failure = FluentActions.Invoking(() => Connect(load()).Dispose()).Should().Throw<KubernetesHaException>().Which;
        failure.Failure.Should().Be(KubernetesFailure.Configuration);
        failure.ToString().Should().NotContain("SECRET");
        return failure.Message;
    }

    /// <summary>A wall clock that can be put wrong while time goes on.</summary>
    private protected sealed class SteppingTimeProvider : FakeTimeProvider
    {
        public TimeSpan Step { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Step;

        public override long GetTimestamp() => base.GetUtcNow().Ticks;
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
