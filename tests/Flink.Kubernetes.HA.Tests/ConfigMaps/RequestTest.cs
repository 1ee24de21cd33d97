using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Flink.Kubernetes.HA.Tests.ConfigMaps;

/// <summary>Requests through the official client to a server that answers as the test says, in simulated time.</summary>
public abstract class RequestTest : IDisposable
{
    private protected const string Secret = "eyJhbGciOiJSUzI1NiIs.c2VjcmV0.c2lnbmF0dXJl";

    private readonly List<Pipe> _pipes = [];
    private readonly k8s.Kubernetes _client;

    private protected RequestTest(int maxRetries = 0, string host = "https://server.example:6443")
    {
        Handler = new ScriptedHandler { OnRequest = (_, _) => throw new InvalidOperationException("The test expects no request.") };
        _client = Handler.CreateClient(host, Secret);
        Requests = new ConfigMapRequests(_client, TimeSpan.FromSeconds(10), maxRetries, Time, Logs, Metrics);
    }

    public static TheoryData<string> Verbs => ["get", "list", "watch", "create", "patch", "delete"];

    private protected static CancellationToken Canceled => TestContext.Current.CancellationToken;

    private protected static ObjectKey Key { get; } = new("ns", "a");

    private protected static ConfigMapPatch Patch { get; } = ConfigMapPatch.Operations(PatchOperation.Test("/data/k", "<\"ü\u2028"), PatchOperation.Remove("/data/k"));

    private protected ManualTimeProvider Time { get; } = new();

    private protected RecordingLoggerFactory Logs { get; } = new();

    private protected HaMetrics Metrics { get; } = new();

    private protected ScriptedHandler Handler { get; }

    private protected k8s.Kubernetes Client => _client;

    private protected ConfigMapRequests Requests { get; }

    public void Dispose()
    {
        GC.SuppressFinalize(this);

        // Ends the blocking reads of the official client, which keep a thread each.
        _pipes.ForEach(pipe => pipe.Writer.Complete());
        _client.Dispose();
        Metrics.Dispose();
    }

    /// <summary>Answers with each in turn, and from then on with the last.</summary>
    private protected void Responds(params Func<HttpResponseMessage>[] answers)
    {
        var next = 0;
        Handler.OnRequest = (_, _) => Task.FromResult(answers[Math.Min(next++, answers.Length - 1)]());
    }

    private protected void Responds(int status, string body, string contentType = "application/json") => Responds(() => Answer.Text(status, body, contentType));

    private protected void Throws(Exception exception) => Handler.OnRequest = (_, _) => throw exception;

    private protected void Hangs() => Handler.OnRequest = async (_, token) =>
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, Time, token);
        throw new UnreachableException();
    };

    /// <summary>A body of which only the beginning arrives, until the end of the test.</summary>
    private protected Stream Stalled(string beginning = "")
    {
        var pipe = new Pipe();
        _pipes.Add(pipe);
        pipe.Writer.Write(Encoding.UTF8.GetBytes(beginning));
        pipe.Writer.FlushAsync().AsTask().IsCompletedSuccessfully.Should().BeTrue();
        return pipe.Reader.AsStream();
    }

    private protected Task CallAsync(string verb, CancellationToken? token = null, ObjectKey? key = null) => CallAsync(Requests, verb, token, key);

    private protected static Task CallAsync(ConfigMapRequests requests, string verb, CancellationToken? token = null, ObjectKey? key = null)
    {
        var (at, cancel) = (key ?? Key, token ?? Canceled);
        return verb switch
        {
            "get" => requests.GetAsync(at, metadataOnly: false, cancel),
            "list" => requests.ListAsync(at.Namespace, new ConfigMapSelection(), cancel),
            "watch" => ReadAllAsync(requests.WatchAsync(at.Namespace, new ConfigMapSelection(), "1", TimeSpan.FromMinutes(5), cancel)),
            "create" => requests.CreateAsync(at, new Dictionary<string, string> { ["app"] = "orders" }, new Dictionary<string, string>(), cancel),
            "patch" => requests.PatchAsync(at, Patch, cancel),
            "delete" => requests.DeleteAsync(at, "u", "7", cancel),
            _ => throw new ArgumentException(verb),
        };
    }

    private protected static async Task<List<ConfigMapEvent>> ReadAllAsync(IAsyncEnumerable<ConfigMapEvent> watch)
    {
        var events = new List<ConfigMapEvent>();
        await foreach (var item in watch.ConfigureAwait(false))
        {
            events.Add(item);
        }

        return events;
    }

    private protected Task<KubernetesHaException> FailureOfAsync(string verb) => FailureOfAsync(CallAsync(verb));

    private protected static async Task<KubernetesHaException> FailureOfAsync(Task call) =>
        (await call.Awaiting(running => running.WaitAsync(TimeSpan.FromSeconds(30), Canceled)).Should().ThrowExactlyAsync<KubernetesHaException>()).Which;

    /// <summary>Moves the clock, at most so far, until the call has ended.</summary>
    private protected async Task PassAsync(Task call, TimeSpan limit, [CallerArgumentExpression(nameof(call))] string what = "") =>
        (await Time.AdvanceUntilAsync(() => call.IsCompleted, limit, cancellationToken: Canceled)).Should().BeTrue($"{what} ends within {limit}");
}
