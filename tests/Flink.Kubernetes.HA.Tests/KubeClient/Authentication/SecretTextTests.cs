using Flink.Kubernetes.HA.KubeClient.Authentication;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Authentication;

public sealed class SecretTextTests
{
    [Theory]
    [InlineData("got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln back", "got *** back")]
    [InlineData("k8s-aws-v1.aHR0cHM6Ly9zdHM", "***")]
    [InlineData("Authorization: Bearer abcdefghijklmnop refused", "Authorization: Bearer *** refused")]
    [InlineData("{\"token\": \"abcdefghijklmnop\"}", "{\"token\": \"***\"}")]
    [InlineData("client_secret=abcdefghijklmnop", "client_secret=***")]
    [InlineData("-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\nbad key", "***\nbad key")]
    [InlineData("error getting token: connection refused", "error getting token: connection refused")]
    [InlineData("run 'aws sso login' at /usr/local/bin/aws", "run 'aws sso login' at /usr/local/bin/aws")]
    public void What_looks_like_a_secret_is_masked_and_the_rest_stays(string text, string expected) =>
        Assert.Equal(expected, SecretText.Mask(text));

    [Fact]
    public void Of_a_long_text_the_end_is_shown()
    {
        var masked = SecretText.Mask(new string('x', 10_000) + " the reason");
        Assert.EndsWith("the reason", masked, StringComparison.Ordinal);
        Assert.True(masked.Length < 2100);
    }
}
