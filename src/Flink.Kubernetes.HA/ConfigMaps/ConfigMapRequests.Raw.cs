using System.Buffers;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using k8s;

namespace Flink.Kubernetes.HA.ConfigMaps;

/// <summary>The requests that are sent through the client's <see cref="HttpClient"/> and not by its typed methods: watches, which those cannot
/// read, and patches, of which a leader sends one per component every few seconds.</summary>
internal sealed partial class ConfigMapRequests
{
    // An election patches the same object again and again; another object costs no more than allocations.
    private Patched? _patched;

    /// <summary>Shared with the copies of other time limits: what is sent here is sent in the form of the typed calls.</summary>
    private StrongBox<RequestForm?> Form { get; init; } = new();

    /// <exception cref="NotSupportedException">The client is another implementation, which has no HttpClient.</exception>
    public static k8s.Kubernetes ClientOfWatches(IKubernetes client) => client as k8s.Kubernetes ?? throw new NotSupportedException(
        $"{client.GetType()} is not a k8s.Kubernetes, so there is no HttpClient to watch with. Give a k8s.Kubernetes, or a class derived from it, to the HA services.");

    /// <summary>Applies a patch in one atomic step and returns the metadata as stored.</summary>
    /// <remarks>A JSON Patch whose <c>test</c> fails changes nothing and fails with <see cref="KubernetesFailure.Invalid"/>.</remarks>
    public Task<ConfigMap> PatchAsync(ObjectKey key, ConfigMapPatch patch, CancellationToken cancellationToken)
    {
        key.ThrowIfInvalid();
        var message = new StreamedRequest(HttpMethod.Patch, PatchUri(key)) { Content = new ReadOnlyMemoryContent(patch.Utf8) };
        message.Content.Headers.TryAddWithoutValidation("Content-Type", patch.Type);
        message.Headers.TryAddWithoutValidation("Accept", MetadataForm);
        return SendRawAsync(new ApiRequest("patch", key.Namespace, key.Name), message, ReadConfigMapAsync, cancellationToken);
    }

    /// <summary>Sends a message within the time limit of a request, and reads the response if the server has accepted it.</summary>
    private async Task<T> SendRawAsync<T>(
        ApiRequest request, HttpRequestMessage message, Func<ApiRequest, HttpResponseMessage, CancellationToken, ValueTask<T>> read, CancellationToken cancellationToken)
        where T : class
    {
        cancellationToken.ThrowIfCancellationRequested();
        var client = ClientOfWatches(_client);
        var telemetry = RequestTelemetry.Start(request, _client.BaseUri, _timeProvider, _logger, _metrics);
        using var limit = new CancellationTokenSource(_timeout, _timeProvider);
        try
        {
            using var either = cancellationToken.CanBeCanceled ? CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken) : null;
            var token = (either ?? limit).Token;
            var result = await EndsWithAsync(SendMessageAsync(client, request, message, read, token), token).ConfigureAwait(false);

            // No other answer is accepted.
            telemetry.Answered((int)HttpStatusCode.OK);
            return result;
        }
        catch (Exception exception)
        {
            throw telemetry.Failed(Classify(request, exception, limit.Token, cancellationToken));
        }
    }

    private async Task<T> SendMessageAsync<T>(
        k8s.Kubernetes client,
        ApiRequest request,
        HttpRequestMessage message,
        Func<ApiRequest, HttpResponseMessage, CancellationToken, ValueTask<T>> read,
        CancellationToken token)
    {
        // On the thread pool, for the same reasons as the calls of the client.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        using var sent = message;
        Volatile.Read(ref Form.Value)?.ApplyTo(message);
        if (client.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(message, token).ConfigureAwait(false);
        }

        var response = await client.HttpClient.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, token).ConfigureAwait(false);
        try
        {
            await ThrowIfRefusedAsync(request, response, token).ConfigureAwait(false);
            return await read(request, response, token).ConfigureAwait(false);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private async Task ThrowIfRefusedAsync(ApiRequest request, HttpResponseMessage response, CancellationToken token)
    {
        if (response.StatusCode != HttpStatusCode.OK)
        {
            var body = await response.Content.ReadAsStringAsync(token).ConfigureAwait(false);
            var headers = response.Headers.ToDictionary(header => header.Key, header => header.Value);
            throw RequestFailures.FromResponse(request, response.StatusCode, body, RetryAfter(headers), _client.BaseUri);
        }

        if (response.Content.Headers.ContentType?.MediaType is { } mediaType and not "application/json")
        {
            throw RequestFailures.Unexpected(request, $"the response is {mediaType}, not application/json", response.StatusCode, _client.BaseUri);
        }
    }

    /// <summary>Reads the ConfigMap in a response, and disposes the response.</summary>
    private async ValueTask<ConfigMap> ReadConfigMapAsync(ApiRequest request, HttpResponseMessage response, CancellationToken token)
    {
        using var read = response;
        var body = await response.Content.ReadAsStreamAsync(token).ConfigureAwait(false);
        var bytes = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(response.Content.Headers.ContentLength + 1 ?? 0, 4 << 10, MaximumLineLength));
        try
        {
            var length = 0;
            while (await body.ReadAsync(bytes.AsMemory(length), token).ConfigureAwait(false) is > 0 and var received)
            {
                length += received;
                bytes = length < bytes.Length ? bytes : Grow(bytes);
            }

            return ReadConfigMap(request, bytes.AsSpan(0, length));
        }
        catch (InvalidOperationException exception)
        {
            // Text that is not valid UTF-8 or UTF-16.
            throw new JsonException(exception.Message, exception);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private static byte[] Grow(byte[] bytes)
    {
        if (bytes.Length >= MaximumLineLength)
        {
            throw new HttpRequestException(HttpRequestError.ConfigurationLimitExceeded, $"The response is longer than {MaximumLineLength >> 20} MiB.");
        }

        var larger = ArrayPool<byte>.Shared.Rent(bytes.Length * 2);
        bytes.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(bytes);
        return larger;
    }

    private ConfigMap ReadConfigMap(ApiRequest request, ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body);
        reader.Read();
        var patched = Volatile.Read(ref _patched);
        var item = ConfigMapJson.Read(ref reader, patched?.Stored);

        // Throws if anything follows.
        reader.Read();
        if (item.ConfigMap is not { } configMap || configMap.Key != new ObjectKey(request.Namespace, request.Name!))
        {
            throw NotThe($"ConfigMap {request.Namespace}/{request.Name}", request, Describe(item.Kind, item.Key));
        }

        if (patched?.Key == configMap.Key)
        {
            Volatile.Write(ref patched.Stored, configMap);
        }

        return configMap;
    }

    private Uri PatchUri(ObjectKey key)
    {
        if (Volatile.Read(ref _patched) is not { } last || last.Key != key)
        {
            last = new Patched(key, new Uri($"{UriOf(WatchedResource.ConfigMaps, key.Namespace)}/{key.Name}?fieldManager={FieldManager}"));
            Volatile.Write(ref _patched, last);
        }

        return last.Uri;
    }

    // The server's URL may have a path, for example behind Rancher.
    private string UriOf(WatchedResource resource, string namespaceName) =>
        $"{_client.BaseUri.GetLeftPart(UriPartial.Path).TrimEnd('/')}{resource.PathIn(namespaceName)}";

    /// <summary>Remembers from a typed call how the client sends: its Host header (tls-server-name) and HTTP version have no public
    /// property.</summary>
    private void Remember(HttpRequestMessage? request)
    {
        if (Form.Value is null && request is not null)
        {
            Volatile.Write(ref Form.Value, new RequestForm(request.Headers.Host, request.Version, request.VersionPolicy));
        }
    }

    /// <summary>The object that was patched last, and what is known to have been stored in it, whose texts the next answer mostly repeats.</summary>
    private sealed class Patched(ObjectKey key, Uri uri)
    {
        public ConfigMap? Stored;

        public ObjectKey Key => key;

        public Uri Uri => uri;
    }

    private sealed record RequestForm(string? Host, Version Version, HttpVersionPolicy VersionPolicy)
    {
        public void ApplyTo(HttpRequestMessage message)
        {
            message.Headers.Host = Host;
            (message.Version, message.VersionPolicy) = (Version, VersionPolicy);
        }
    }
}
