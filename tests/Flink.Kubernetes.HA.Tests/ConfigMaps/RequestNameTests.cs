using Flink.Kubernetes.HA.ConfigMaps.Watching;

namespace Flink.Kubernetes.HA.Tests.ConfigMaps;

/// <summary>The official client puts names into the URL as they are: those that could lead elsewhere are refused before anything is sent.</summary>
public sealed class RequestNameTests : RequestTest
{
    public static TheoryData<string> Hostile =>
    [
        "a/../../../secrets/x", "../secrets/x", ".", "..", "", "a/b", "a\\b", "a%2f..", "a?watch=true", "a#b", "a b", "a\r\nb", "a\0", "ä", "a\u202e", "a,b", "a=b",
        "a\ud800", new string('a', 300), new string('a', 254),
    ];

    [Theory]
    [InlineData(null)]
    [MemberData(nameof(Hostile))]
    public async Task Hostile_names_are_refused_before_anything_is_sent(string? hostile)
    {
        foreach (var verb in (string[])["get", "create", "patch", "delete"])
        {
            await Awaiting(() => CallAsync(verb, key: new ObjectKey("ns", hostile!))).Should().ThrowExactlyAsync<ArgumentException>().WithMessage("*name*");
        }

        foreach (var verb in (IEnumerable<string>)Verbs.Select(row => row.Data))
        {
            await Awaiting(() => CallAsync(verb, key: new ObjectKey(hostile!, "a"))).Should().ThrowExactlyAsync<ArgumentException>().WithMessage("*namespace*");
        }

        await using var watches = new SharedWatches(Requests, Time, Logs, Metrics);
        watches.Invoking(all => all.Subscribe(new ObjectKey("ns", hostile!))).Should().ThrowExactly<ArgumentException>();
        Handler.Sent.Should().BeEmpty();
        Logs.Entries.Should().BeEmpty();
    }

    [Theory]
    [InlineData("a")]
    [InlineData("a.b-c.9")]
    [InlineData("a..b")]
    [InlineData("system:x_Y")]
    public async Task Other_names_are_sent_as_they_are(string name)
    {
        Responds(() => Answer.Status(404, "NotFound"));

        await FailureOfAsync(CallAsync("get", key: new ObjectKey("ns", name)));

        Handler.Sent.Single().Uri.AbsolutePath.Should().Be($"/api/v1/namespaces/ns/configmaps/{name}");
    }

    [Fact]
    public async Task A_refused_name_is_shown_on_one_line_and_shortened()
    {
        var thrown = await Awaiting(() => CallAsync("get", key: new ObjectKey("ns", "\r\n" + new string('x', 9_000)))).Should().ThrowAsync<ArgumentException>();

        thrown.Which.Message.Should().NotContain("\n").And.Subject.Length.Should().BeLessThan(400);
    }
}
