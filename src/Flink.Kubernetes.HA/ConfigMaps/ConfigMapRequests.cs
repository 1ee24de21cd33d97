using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Flink.Kubernetes.HA.Diagnostics;
using Microsoft.Extensions.Logging;
using Polly.Retry;
using Polly;
using k8s.Autorest;
using k8s.Models;
using k8s;

namespace Flink.Kubernetes.HA.ConfigMaps;

/// <summary>All requests of this library to the API server, by the official client.</summary>
/// <remarks>
/// <para>A call ends within its time limit whatever the client and the network do, and each failure is a <see cref="KubernetesHaException"/>.
/// Reads are retried if so configured. Writes never are: only the caller can tell what a lost response means.</para>
/// <para>Objects are only created, patched and deleted, never replaced: the official models drop fields that they do not know.</para>
/// </remarks>
internal sealed partial class ConfigMapRequests
{
    private const string FieldManager = "flink-kubernetes-ha";
    private const string MetadataForm = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    private const string MetadataListForm = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

    private static readonly Dictionary<string, IReadOnlyList<string>> MetadataHeaders = new() { ["Accept"] = [MetadataForm] };
    private static readonly Dictionary<string, IReadOnlyList<string>> MetadataListHeaders = new() { ["Accept"] = [MetadataListForm] };

    private readonly IKubernetes _client;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly HaMetrics _metrics;
    private readonly ResiliencePipeline _retries;

    /// <param name="client">The official client; its owner disposes it.</param>
    /// <param name="timeout">The time limit of a call, including retries and the delays between them.</param>
    /// <param name="maxRetries">The number of retries of a read that failed temporarily.</param>
    /// <param name="timeProvider">The clock for all waits.</param>
    /// <param name="logger">The logger of each request, at debug level.</param>
    /// <param name="metrics">The instruments for each request.</param>
    public ConfigMapRequests(IKubernetes client, TimeSpan timeout, int maxRetries, TimeProvider timeProvider, ILogger logger, HaMetrics metrics)
    {
        (_client, _timeout, _timeProvider, _logger, _metrics) = (client, timeout, timeProvider, logger, metrics);
        _retries = CreateRetries(maxRetries);
    }

    /// <summary>The time limit of a call, and of opening a watch.</summary>
    public TimeSpan TimeLimit => _timeout;

    /// <summary>Returns the same requests with another time limit and without retries.</summary>
    public ConfigMapRequests WithTimeout(TimeSpan timeout) => new(_client, timeout, maxRetries: 0, _timeProvider, _logger, _metrics) { Form = Form };

    /// <exception cref="KubernetesHaException">The ConfigMap does not exist, or the request failed.</exception>
    public Task<ConfigMap> GetAsync(ObjectKey key, bool metadataOnly, CancellationToken cancellationToken)
    {
        key.ThrowIfInvalid();
        var request = new ApiRequest("get", key.Namespace, key.Name);
        return ReadAsync(
            request,
            token => _client.CoreV1.ReadNamespacedConfigMapWithHttpMessagesAsync(
                key.Name, key.Namespace, customHeaders: metadataOnly ? MetadataHeaders : null, cancellationToken: token),
            item => ToConfigMap(request, item),
            cancellationToken);
    }

    /// <summary>Lists one page of ConfigMaps.</summary>
    public Task<ConfigMapPage> ListAsync(string namespaceName, ConfigMapSelection selection, CancellationToken cancellationToken)
    {
        ObjectKey.ThrowIfInvalid(namespaceName, "namespace");
        var request = selection.Resource.Request("list", namespaceName);
        return selection.Resource != WatchedResource.ConfigMaps ? ListHoldersAsync(request, selection, cancellationToken) : ReadAsync(
            request,
            token => _client.CoreV1.ListNamespacedConfigMapWithHttpMessagesAsync(
                namespaceName,
                fieldSelector: selection.FieldSelector,
                labelSelector: selection.LabelSelector,
                limit: selection.Limit,
                continueParameter: selection.Continue,
                customHeaders: selection.IsMetadataOnly ? MetadataListHeaders : null,
                cancellationToken: token),
            list => ToPage(request, "ConfigMap", list, list?.Items, ConfigMap.From),
            cancellationToken);
    }

    public Task<ConfigMap> CreateAsync(
        ObjectKey key, IReadOnlyDictionary<string, string> labels, IReadOnlyDictionary<string, string> annotations, CancellationToken cancellationToken)
    {
        key.ThrowIfInvalid();
        var request = new ApiRequest("create", key.Namespace, key.Name);
        var body = new V1ConfigMap
        {
            ApiVersion = V1ConfigMap.KubeApiVersion,
            Kind = V1ConfigMap.KubeKind,
            Metadata = new V1ObjectMeta
            {
                Name = key.Name,
                NamespaceProperty = key.Namespace,
                Labels = new Dictionary<string, string>(labels),
                Annotations = annotations.Count == 0 ? null : new Dictionary<string, string>(annotations),
            },
        };
        return WriteAsync(
            request,
            token => _client.CoreV1.CreateNamespacedConfigMapWithHttpMessagesAsync(
                body, key.Namespace, fieldManager: FieldManager, cancellationToken: token),
            item => ToConfigMap(request, item),
            cancellationToken);
    }

    /// <summary>Deletes an object if it still has the UID and the resource version that were observed.</summary>
    public Task DeleteAsync(ObjectKey key, string? uid, string? resourceVersion, CancellationToken cancellationToken)
    {
        key.ThrowIfInvalid();
        var request = new ApiRequest("delete", key.Namespace, key.Name);
        var options = new V1DeleteOptions { Preconditions = new V1Preconditions { Uid = uid, ResourceVersion = resourceVersion } };
        return WriteAsync(
            request,
            token => _client.CoreV1.DeleteNamespacedConfigMapWithHttpMessagesAsync(key.Name, key.Namespace, options, cancellationToken: token),
            // The API server answers with a Status or the object; anything else comes from something in between.
            status => status is { Kind: "Status", Status: not "Failure" } or { Kind: "ConfigMap" } ? true : throw NotThe("Status", request, Describe(status?.Kind)),
            cancellationToken);
    }

    private async Task<TResult> ReadAsync<TBody, TResult>(
        ApiRequest request, Func<CancellationToken, Task<HttpOperationResponse<TBody>>> send, Func<TBody, TResult> read, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_timeout, _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        KubernetesHaException? last = null;
        try
        {
            return await _retries.ExecuteAsync(
                async _ =>
                {
                    try
                    {
                        return await SendAsync(request, send, read, limit.Token, cancellationToken).ConfigureAwait(false);
                    }
                    catch (KubernetesHaException exception)
                    {
                        last = exception;
                        throw;
                    }
                },
                either.Token).ConfigureAwait(false);
        }
        catch (Exception) when (either.IsCancellationRequested)
        {
            // The time limit has passed, perhaps in a delay between two attempts: the last failure says more than a timeout.
            cancellationToken.ThrowIfCancellationRequested();
            throw last ?? RequestFailures.TimedOut(request, _timeout);
        }
    }

    private async Task<TResult> WriteAsync<TBody, TResult>(
        ApiRequest request, Func<CancellationToken, Task<HttpOperationResponse<TBody>>> send, Func<TBody, TResult> read, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_timeout, _timeProvider);
        return await SendAsync(request, send, read, limit.Token, cancellationToken).ConfigureAwait(false);
    }

    private async Task<TResult> SendAsync<TBody, TResult>(
        ApiRequest request,
        Func<CancellationToken, Task<HttpOperationResponse<TBody>>> send,
        Func<TBody, TResult> read,
        CancellationToken limit,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var telemetry = RequestTelemetry.Start(request, _client.BaseUri, _timeProvider, _logger, _metrics);
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit, cancellationToken);
            using var response = await RunAsync(send, either.Token).ConfigureAwait(false);
            Remember(response.Request);
            var result = read(response.Body);
            telemetry.Answered((int)response.Response.StatusCode);
            return result;
        }
        catch (Exception exception)
        {
            throw telemetry.Failed(Classify(request, exception, limit, cancellationToken));
        }
    }

    /// <summary>Runs a call of the client on the thread pool, and stops waiting for it when the token is canceled.</summary>
    /// <remarks>
    /// The client reads bodies with blocking calls that no token ends, and its generated code resumes on the context of its caller. On the
    /// caller's thread, a stalled body would never return, and a caller that blocks on the result would deadlock.
    /// </remarks>
    private static Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> send, CancellationToken token)
        where T : class => EndsWithAsync(Task.Run(() => send(token), CancellationToken.None), token);

    private static async Task<T> EndsWithAsync<T>(Task<T> call, CancellationToken token)
        where T : class
    {
        try
        {
            return await call.WaitAsync(token).ConfigureAwait(false);
        }
        catch
        {
            // Nobody awaits a response that arrives after the timeout: dispose it, or observe its exception.
            _ = call.ContinueWith(
                static late => late.IsCompletedSuccessfully ? Dispose(late.Result) : late.Exception,
                CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw;
        }

        static Exception? Dispose(T response)
        {
            (response as IDisposable)?.Dispose();
            return null;
        }
    }

    private Exception Classify(ApiRequest request, Exception exception, CancellationToken limit, CancellationToken cancellationToken) => exception switch
    {
        // The caller's cancellation takes precedence over whatever the client turned it into.
        _ when cancellationToken.IsCancellationRequested => new OperationCanceledException(cancellationToken),
        KubernetesHaException { Verb: not null } or ObjectDisposedException or NotSupportedException => exception,
        HttpOperationException { Response: { } response } =>
            RequestFailures.FromResponse(request, response.StatusCode, response.Content, RetryAfter(response.Headers), _client.BaseUri),
        _ when limit.IsCancellationRequested => RequestFailures.TimedOut(request, _timeout),
        _ when IsDisposed(exception) => new ObjectDisposedException(nameof(IKubernetes), "The Kubernetes client was disposed."),
        _ => RequestFailures.FromException(request, exception, _client.BaseUri),
    };

    /// <summary>Whether the official client was disposed: then a call throws a NullReferenceException, and one under way is canceled.</summary>
    private bool IsDisposed(Exception exception)
    {
        if (_client is not k8s.Kubernetes { HttpClient: var http } || http is null || exception is not OperationCanceledException)
        {
            return _client is k8s.Kubernetes { HttpClient: null };
        }

        try
        {
            // Calls are canceled by the disposal of the HttpClient, before the client shows it. No property tells, but setters check it.
            http.Timeout = http.Timeout;
            return false;
        }
        catch (InvalidOperationException refusal)
        {
            return refusal is ObjectDisposedException;
        }
    }

    private ConfigMap ToConfigMap(ApiRequest request, V1ConfigMap? item) =>
        item is { Kind: "ConfigMap" or "PartialObjectMetadata" }
        && ConfigMap.From(item) is { } configMap
        && configMap.Key == new ObjectKey(request.Namespace, request.Name!)
            ? configMap
            : throw NotThe($"ConfigMap {request.Namespace}/{request.Name}", request, Describe(item?.Kind, item?.Metadata));

    private ConfigMapPage ToPage<T>(ApiRequest request, string kind, IKubernetesObject<V1ListMeta>? list, IEnumerable<T>? items, Func<T, ConfigMap?> read)
    {
        // Without items it is not an empty list, and data that no listed object refers to is deleted: an API server always writes
        // them, as [] in a list of objects; but as null in a list of metadata.
        if (list is not { Metadata.ResourceVersion: { Length: > 0 } resourceVersion }
            || !((list.Kind == $"{kind}List" && items is not null) || list.Kind == "PartialObjectMetadataList"))
        {
            throw NotThe($"list of {kind}s with a resource version", request, Describe(list?.Kind));
        }

        // Items of a list do not repeat their kind.
        var page = (items ?? []).Select(read).ToList();
        return page.Contains(null)
            ? throw NotThe($"list of {kind}s", request, "one with an item that has no name, UID or resource version")
            : new ConfigMapPage(
                [.. page.OfType<ConfigMap>()],
                resourceVersion,
                string.IsNullOrEmpty(list.Metadata.ContinueProperty) ? null : list.Metadata.ContinueProperty);
    }

    private KubernetesHaException NotThe(string what, ApiRequest request, string found) => RequestFailures.Unexpected(
        request, $"the response is not the requested {what}, but {found}", HttpStatusCode.OK, _client.BaseUri);

    private static string Describe(string? kind) => string.IsNullOrEmpty(kind) ? "an object without a kind" : $"a {RequestFailures.Excerpt(kind)}";

    private static string Describe(string? kind, V1ObjectMeta? metadata) => Describe(
        kind, metadata is { Name.Length: > 0, Uid.Length: > 0, ResourceVersion.Length: > 0 } ? new ObjectKey(metadata.NamespaceProperty, metadata.Name) : (ObjectKey?)null);

    private static string Describe(string? kind, ObjectKey? complete) => complete is { } key
        ? $"{Describe(kind)} with the name {RequestFailures.Excerpt(key.ToString())}"
        : $"{Describe(kind)} without a name, UID or resource version";

    private static TimeSpan? RetryAfter(IDictionary<string, IEnumerable<string>>? headers)
    {
        var text = headers?.FirstOrDefault(header => header.Key.Equals("Retry-After", StringComparison.OrdinalIgnoreCase)).Value?.FirstOrDefault();
        if (text is null || !RetryConditionHeaderValue.TryParse(text, out var condition))
        {
            return null;
        }

        // A date in Retry-After and the Date of the response are both by the server's clock: their difference does not depend on ours.
        var date = headers!.FirstOrDefault(header => header.Key.Equals("Date", StringComparison.OrdinalIgnoreCase)).Value?.FirstOrDefault();
        var wait = condition.Delta ?? (RetryConditionHeaderValue.TryParse(date, out var now) ? condition.Date - now.Date : null);
        return wait > TimeSpan.Zero ? wait : null;
    }

    private ResiliencePipeline CreateRetries(int maxRetries) => maxRetries == 0
        ? ResiliencePipeline.Empty
        : new ResiliencePipelineBuilder { TimeProvider = _timeProvider }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = maxRetries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = TimeSpan.FromMilliseconds(100),
                MaxDelay = TimeSpan.FromSeconds(5),
                ShouldHandle = static args => ValueTask.FromResult(
                    args.Outcome.Exception is KubernetesHaException { Failure: KubernetesFailure.TooManyRequests or KubernetesFailure.Unavailable } failure
                    && !(failure.RetryAfter > TimeSpan.FromSeconds(5))),
                DelayGenerator = static args => ValueTask.FromResult((args.Outcome.Exception as KubernetesHaException)?.RetryAfter),
                OnRetry = args =>
                {
                    Log.RequestRetried(_logger, args.RetryDelay.TotalMilliseconds, args.AttemptNumber + 1, args.Outcome.Exception?.Message);
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
}
