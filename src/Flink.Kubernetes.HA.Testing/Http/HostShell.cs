using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Flink.Kubernetes.HA.Testing.Http;

/// <summary>Brings requests from sockets to the front, and its answers back.</summary>
internal sealed class HostShell(RestFront front, IReadOnlyDictionary<string, string>? tokens, CancellationToken stopping)
{
    public async Task HandleAsync(HttpContext context)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            var response = await front.AnswerAsync(ToRequest(context.Request), ended.Token).ConfigureAwait(false);
            await WriteAsync(context.Response, response, ended.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            context.Abort();
        }
    }

    private RestRequest ToRequest(HttpRequest request) => new(
        request.Method,
        request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
        UserOf(request.Headers.Authorization.ToString()),
        request.Body.CopyToAsync)
    {
        Accept = request.Headers.Accept,
        ContentType = request.ContentType,
    };

    private string? UserOf(string authorization)
    {
        const string Scheme = "Bearer ";
        var token = authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? authorization[Scheme.Length..].Trim() : null;
        return tokens is null ? token ?? "system:anonymous" : token is null ? null : tokens.GetValueOrDefault(token);
    }

    private static async Task WriteAsync(HttpResponse response, RestResponse answer, CancellationToken cancellationToken)
    {
        response.StatusCode = answer.Status;
        response.ContentType = RestResponse.ContentType;
        if (answer.RetryAfterSeconds is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (answer.Watch is null)
        {
            response.ContentLength = answer.Json.Length;
            await response.Body.WriteAsync(answer.Json, cancellationToken).ConfigureAwait(false);
            return;
        }

        using var watch = answer.Watch;
        await response.StartAsync(cancellationToken).ConfigureAwait(false);
        await response.Body.FlushAsync(cancellationToken).ConfigureAwait(false);
        var buffer = new byte[16 * 1024];
        while (await watch.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var count)
        {
            // Each event at once, not when a buffer is full.
            await response.Body.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            await response.Body.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
