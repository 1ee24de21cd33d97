using System.Collections;
using k8s.Autorest;

namespace Flink.Kubernetes.HA.Tests.ConfigMaps;

/// <summary>The bearer token is in no exception and no log, whatever goes wrong.</summary>
public sealed class RequestSecrecyTests : RequestTest
{
    private static readonly string Echo = $"<html><pre>GET /api/v1\nAuthorization: Bearer {Secret}\n</pre></html>";

    public static TheoryData<int, string, string> Refusals => new()
    {
        { 401, "application/json", Status(401, "Unauthorized", "the token is bad") },
        { 401, "text/html", Echo },
        { 403, "application/json", Status(403, "Forbidden", $"denied: got \"authorization\":\"bearer {Secret}\"") },
        { 500, "application/json", Status(500, "InternalError", "panic") },
        { 500, "text/html", Echo },
        { 302, "text/html", Echo },
        { 200, "text/html", Echo },
        { 200, "application/json", Echo },
        { 200, "application/json", Echo.ReplaceLineEndings(" ") + "\n" },
        { 200, "application/json", $$"""{"type":"ERROR","object":{{Status(500, "X", $"Bearer {Secret}")}}}""" + "\n" },
    };

    public static TheoryData<Exception> Breaks =>
    [
        new HttpRequestException(HttpRequestError.ConnectionError, "refused"),
        new HttpRequestException(HttpRequestError.SecureConnectionError, "certificate"),
        new HttpRequestException(HttpRequestError.ResponseEnded, "ended", new IOException("reset")),
        new InvalidCastException("a defect"),
        new AggregateException(new UnauthorizedAccessException("the token file")),
        new HttpOperationException("of a handler", new IOException("reset")) { Request = WithToken() },
        new AggregateException(new IOException("reset", new HttpOperationException("of a handler") { Request = WithToken() })),
    ];

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Refusals_and_pages_that_echo_the_request_reveal_no_token(int status, string contentType, string body)
    {
        Responds(status, body, contentType);
        await AssertSecretAsync();
    }

    [Theory]
    [MemberData(nameof(Breaks), DisableDiscoveryEnumeration = true)]
    public async Task Failures_of_the_connection_reveal_no_token(Exception thrown)
    {
        Throws(thrown);
        await AssertSecretAsync();
    }

    private static HttpRequestMessageWrapper WithToken()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "https://server.example:6443");
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {Secret}");
        return new HttpRequestMessageWrapper(request, null);
    }

    private static string Status(int status, string reason, string message) => Answer.StatusJson(status, reason, message).ToJsonString();

    private async Task AssertSecretAsync()
    {
        foreach (var verb in (IEnumerable<string>)Verbs.Select(row => row.Data))
        {
            var failure = await FailureOfAsync(verb);

            Handler.Sent[^1].Authorization.Should().Be($"Bearer {Secret}");
            foreach (var exception in Tree(failure))
            {
                exception.Should().NotBeOfType<HttpOperationException>("it has the headers of the request");
                Revealed(exception).Should().NotContainEquivalentOf(Secret).And.NotContainEquivalentOf(Secret[..20]);
            }
        }

        Logs.Text.Should().Contain("configmaps").And.NotContain(Secret[..20]);
    }

    private static IEnumerable<Exception> Tree(Exception exception) =>
        (exception is AggregateException all ? all.InnerExceptions : exception.InnerException is { } inner ? [inner] : Enumerable.Empty<Exception>()).SelectMany(Tree).Prepend(exception);

    private static string Revealed(Exception exception) =>
        $"{exception}\n{string.Join('\n', exception.Data.Cast<DictionaryEntry>().Select(entry => $"{entry.Key}={entry.Value}"))}\n"
        + string.Join('\n', exception.GetType().GetProperties().Where(property => property.Name is not "TargetSite").Select(property => property.GetValue(exception)));
}

/// <summary>A password in the address of a client of the user's is in no exception.</summary>
public sealed class AddressSecrecyTests() : RequestTest(host: $"https://admin:{Secret}@server.example:6443")
{
    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task A_failure_names_the_server_without_the_password_in_its_address(string verb)
    {
        Throws(new HttpRequestException(HttpRequestError.ConnectionError, "refused"));

        (await FailureOfAsync(verb)).ToString().Should().Contain("https://server.example:6443 could not be reached").And.NotContain(Secret);
    }
}
