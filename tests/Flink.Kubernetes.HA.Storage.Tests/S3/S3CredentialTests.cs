using System.Reflection;
using Amazon.Runtime.Credentials;

namespace Flink.Kubernetes.HA.Storage.Tests.S3;

/// <summary>The role of a pod's service account (IRSA), by a scripted token service over HTTP.</summary>
public sealed class S3CredentialTests : IDisposable
{
    private static readonly string[] Variables =
        ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_SESSION_NAME", "AWS_ENDPOINT_URL_STS", "AWS_REGION", "AWS_EC2_METADATA_DISABLED"];

    private readonly Dictionary<string, string?> _before = Variables.ToDictionary(name => name, Environment.GetEnvironmentVariable);
    private readonly string _token = Path.GetTempFileName();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Forget();
        File.Delete(_token);
        foreach (var (name, value) in _before)
        {
            Environment.SetEnvironmentVariable(name, value);
        }
    }

    [Fact]
    public async Task A_service_account_s_token_is_exchanged_for_credentials_and_each_failure_of_that_is_named_as_such()
    {
        (int Status, string Body) answer = default;
        var asked = string.Empty;
        using var sts = Server("WebIdentityToken=", () => answer, text => asked = text);
        var requests = string.Empty;
        using var s3 = Server("\r\n\r\n", () => (200, "data"), text => requests = text);
        Role(sts.Endpoint);
        using var storage = new S3StateStorage(new S3StateStorageOptions { BucketName = "b", ServiceUrl = s3.Endpoint, MaxRetries = 0, RequestTimeout = TimeSpan.FromMinutes(2) });

        // In one test, because the SDK keeps what its chain has found for the whole process.
        File.Delete(_token);
        await RefusedAsync(StateStorageFailure.AccessDenied, "WebIdentityTokenFile");
        await File.WriteAllTextAsync(_token, "token-of-the-pod", Token);
        foreach (var (status, code, words, expected) in new[]
        {
            (403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", StateStorageFailure.AccessDenied),
            (400, "ExpiredTokenException", "Token expired: current date/time must be before the expiration", StateStorageFailure.AccessDenied),
            (503, "ServiceUnavailable", "try later", StateStorageFailure.Unavailable),
        })
        {
            answer = (status, $"<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>{code}</Code><Message>{words}</Message></Error><RequestId>r-4711</RequestId></ErrorResponse>");
            await RefusedAsync(expected, words);
        }

        answer = (200, "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AKIAOFTHEPOD</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>session-of-the-pod</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>");
        using var reader = new StreamReader(await storage.OpenReadAsync(new StateKey("a"), Token));

        (await reader.ReadToEndAsync(Token)).Should().Be("data");
        requests.Should().ContainEquivalentOf("x-amz-security-token: session-of-the-pod").And.Contain("Credential=AKIAOFTHEPOD/");
        asked.Should().Contain("AssumeRoleWithWebIdentity").And.Contain("token-of-the-pod");

        async Task RefusedAsync(StateStorageFailure expected, string words)
        {
            var exception = await Failing.AssertAsync(expected, () => storage.OpenReadAsync(new StateKey("a"), Token), "no credentials could be obtained");
            exception.Message.Should().Contain(words);
        }
    }

    // The SDK keeps what its chain has found for the whole process.
    private static void Forget()
    {
        const BindingFlags All = BindingFlags.Static | BindingFlags.Instance | BindingFlags.NonPublic;
        var type = typeof(DefaultAWSCredentialsIdentityResolver);
        var instance = ((Lazy<DefaultAWSCredentialsIdentityResolver>)type.GetField("_defaultInstance", All)!.GetValue(null)!).Value;
        type.GetField("_cachedCredentials", All)!.SetValue(instance, null);
    }

    private static RawServer Server(string end, Func<(int Status, string Body)> answer, Action<string> asked) => new(async stream =>
    {
        var text = string.Empty;
        var buffer = new byte[8192];
        while (!text.Contains(end, StringComparison.Ordinal) && await stream.ReadAsync(buffer, Token) is > 0 and var count)
        {
            text += Encoding.ASCII.GetString(buffer, 0, count);
        }

        asked(text);
        var (status, body) = answer();
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"HTTP/1.1 {status} X\r\nContent-Type: text/xml\r\nConnection: close\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"), Token);
        await stream.FlushAsync(Token);

        // Until the client has read the answer and closes: ended earlier, the connection could be reset under it.
        while (await stream.ReadAsync(buffer, Token) > 0)
        {
        }
    });

    private void Role(string sts)
    {
        Forget();
        foreach (var name in Variables)
        {
            Environment.SetEnvironmentVariable(name, null);
        }

        Environment.SetEnvironmentVariable("AWS_ROLE_ARN", $"arn:aws:iam::111122223333:role/{Guid.NewGuid():N}");
        Environment.SetEnvironmentVariable("AWS_WEB_IDENTITY_TOKEN_FILE", _token);
        Environment.SetEnvironmentVariable("AWS_ENDPOINT_URL_STS", sts);
        Environment.SetEnvironmentVariable("AWS_REGION", "us-east-1");
        Environment.SetEnvironmentVariable("AWS_EC2_METADATA_DISABLED", "true");
    }
}
