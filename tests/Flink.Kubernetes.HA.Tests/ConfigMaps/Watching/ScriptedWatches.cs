namespace Flink.Kubernetes.HA.Tests.ConfigMaps.Watching;

/// <summary>A server of one ConfigMap whose lists and watch connections the test answers one by one.</summary>
internal sealed class ScriptedWatches
{
    private readonly Channel<ScriptedConnection> _connections = Channel.CreateUnbounded<ScriptedConnection>();
    private int _openConnections;
    private int _lists;
    private int _watches;

    public ScriptedWatches() => Handler = new ScriptedHandler { OnRequest = AnswerAsync };

    public ScriptedHandler Handler { get; }

    /// <summary>Answers the list of the given number, from 1.</summary>
    public Func<int, CancellationToken, Task<HttpResponseMessage>> OnList { get; set; } = (_, _) => Task.FromResult(List("1"));

    /// <summary>Refuses the watch of the given number, from 1; <see langword="null"/> opens it.</summary>
    public Func<int, HttpResponseMessage?> OnWatch { get; set; } = _ => null;

    /// <summary>Delays the response to a watch.</summary>
    public Func<CancellationToken, Task> BeforeWatch { get; set; } = _ => Task.CompletedTask;

    public int Lists => Volatile.Read(ref _lists);

    public int Watches => Volatile.Read(ref _watches);

    public int OpenConnections => Volatile.Read(ref _openConnections);

    public static string Item(string resourceVersion, string value = "", string uid = "uid-1", string name = "leader") =>
        $$$"""{"kind":"ConfigMap","metadata":{"namespace":"default","name":"{{{name}}}","uid":"{{{uid}}}","resourceVersion":"{{{resourceVersion}}}"},"data":{"value":"{{{value}}}"}}""";

    public static HttpResponseMessage List(string? resourceVersion, params string[] items) => Answer.Text(
        200,
        $$$"""{"kind":"ConfigMapList","metadata":{"resourceVersion":{{{(resourceVersion is null ? "null" : $"\"{resourceVersion}\"")}}}},"items":[{{{string.Join(',', items)}}}]}""");

    public void HasState(string listVersion, params string[] items) => OnList = (_, _) => Task.FromResult(List(listVersion, items));

    /// <summary>Waits for the next watch that is opened.</summary>
    public Task<ScriptedConnection> NextConnectionAsync() =>
        _connections.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    private async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var query = Uri.UnescapeDataString(request.RequestUri!.Query);
        query.Should().Contain("fieldSelector=metadata.name=leader");
        if (!query.Contains("watch=true", StringComparison.Ordinal))
        {
            return await OnList(Interlocked.Increment(ref _lists), cancellationToken);
        }

        await BeforeWatch(cancellationToken);
        if (OnWatch(Interlocked.Increment(ref _watches)) is { } refusal)
        {
            return refusal;
        }

        var connection = new ScriptedConnection(query);
        Interlocked.Increment(ref _openConnections);
        var response = Answer.Text(200, string.Empty);
        response.Content = new Body(connection.Body, () => Interlocked.Decrement(ref _openConnections));
        _connections.Writer.TryWrite(connection);
        return response;
    }

    private sealed class Body(Stream stream, Action onDispose) : StreamContent(stream)
    {
        private int _disposed;

        protected override void Dispose(bool disposing)
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                onDispose();
            }

            base.Dispose(disposing);
        }
    }
}
