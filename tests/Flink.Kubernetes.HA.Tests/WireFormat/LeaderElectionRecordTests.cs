namespace Flink.Kubernetes.HA.Tests.WireFormat;

public sealed class LeaderElectionRecordTests
{
    public static TheoryData<string, string, double> HeldRecords => new()
    {
        { "client-go", """{"holderIdentity":"a","leaseDurationSeconds":15,"acquireTime":"2026-11-20T05:24:37Z","renewTime":"2026-11-20T05:24:37Z","leaderTransitions":3}""", 15 },
        { "client-go with strategy", """{"holderIdentity":"a","leaseDurationSeconds":15,"acquireTime":null,"renewTime":null,"leaderTransitions":3,"strategy":"","preferredHolder":""}""", 15 },
        { "C# client", """{"holderIdentity":"a","leaseDurationSeconds":15,"acquireTime":"2026-11-20T05:24:37.123456Z","renewTime":"2026-11-20T05:24:37.1+01:00"}""", 15 },
        { "Python client", """{"holderIdentity": "a", "leaseDurationSeconds": "15", "acquireTime": "2026-11-20 05:18:41.116865", "renewTime": "2026-11-20 05:18:41"}""", 15 },
        { "fabric8 before 6.13 and Flink", """{"holderIdentity":"a","leaseDuration":15.000000000,"acquireTime":"2020-10-20T04:06:31.431000Z","renewTime":"2020-10-22T08:51:36.843000Z","leaderTransitions":37981}""", 15 },
        { "fabric8 from 6.13 on", """{"holderIdentity":"a","leaseDuration":"PT15S","acquireTime":"2020-10-20T04:06:31.431000Z","renewTime":"2020-10-22T08:51:36.843000Z","leaderTransitions":1}""", 15 },
        { "both durations, the longer counts", """{"holderIdentity":"a","leaseDurationSeconds":10,"leaseDuration":"PT15S"}""", 15 },
        { "a fraction of a second", """{"holderIdentity":"a","leaseDuration":1.5}""", 1.5 },
        { "an absurd duration is cut to what a timer can wait", """{"holderIdentity":"a","leaseDurationSeconds":99999999999999}""", 24 * 86400 },
    };

    [Theory]
    [MemberData(nameof(HeldRecords))]
    public void Every_known_form_is_read(string form, string annotation, double leaseSeconds)
    {
        var record = LeaderElectionRecord.Parse(annotation);

        record.IsReadable.Should().BeTrue($"{form} is readable");
        record.HolderIdentity.Should().Be("a");
        record.LeaseDuration.Should().Be(TimeSpan.FromSeconds(leaseSeconds));
        record.IsReleased.Should().BeFalse();
    }

    [Theory]
    [InlineData("""{"holderIdentity":"","leaseDurationSeconds":1}""")]
    [InlineData("""{"holderIdentity":null,"leaseDuration":1.000000000}""")]
    [InlineData("""{"leaderTransitions":4}""")]
    [InlineData("{}")]
    public void A_record_without_a_holder_is_released(string annotation) =>
        LeaderElectionRecord.Parse(annotation).IsReleased.Should().BeTrue();

    [Theory]
    [InlineData("")]
    [InlineData("junk")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"holderIdentity\":")]
    [InlineData("{\"holderIdentity\":7}")]
    [InlineData("{\"holderIdentity\":{}}")]
    [InlineData("""{"holderIdentity":"a","holderIdentity":"b"}""")]
    [InlineData("\ud800")]
    public void What_cannot_be_read_is_neither_released_nor_held_by_a_name(string annotation)
    {
        var record = LeaderElectionRecord.Parse(annotation);

        record.IsPresent.Should().BeTrue();
        record.IsReadable.Should().BeFalse();
        record.IsReleased.Should().BeFalse();
        record.HolderIdentity.Should().BeNull();
    }

    [Theory]
    [InlineData("""{"holderIdentity":"a"}""")]
    [InlineData("""{"holderIdentity":"a","leaseDurationSeconds":0}""")]
    [InlineData("""{"holderIdentity":"a","leaseDurationSeconds":-15}""")]
    [InlineData("""{"holderIdentity":"a","leaseDurationSeconds":"soon"}""")]
    [InlineData("""{"holderIdentity":"a","leaseDurationSeconds":null,"leaseDuration":"P1Y99999999999999D"}""")]
    [InlineData("""{"holderIdentity":"a","leaseDurationSeconds":[15]}""")]
    [InlineData("""{"holderIdentity":"a","leaseDurationSeconds":"NaN"}""")]
    public void A_duration_that_makes_no_sense_is_none_and_the_holder_still_holds(string annotation)
    {
        var record = LeaderElectionRecord.Parse(annotation);

        record.LeaseDuration.Should().BeNull();
        record.HolderIdentity.Should().Be("a");
    }

    [Fact]
    public void The_form_of_client_go_is_written()
    {
        var time = new DateTimeOffset(2026, 11, 20, 6, 24, 37, 123, 456, TimeSpan.FromHours(1));
        var annotation = LeaderElectionRecord.Parse(null).Held("me", TimeSpan.FromSeconds(15), time, time.AddSeconds(2), 7);

        annotation.Should().Be(
            """{"holderIdentity":"me","leaseDurationSeconds":15,"acquireTime":"2026-11-20T05:24:37.123456Z","renewTime":"2026-11-20T05:24:39.123456Z","leaderTransitions":7}""");
    }

    [Fact]
    public void Fields_of_others_are_kept_and_fabric8s_duration_stays_true()
    {
        var before = LeaderElectionRecord.Parse("""{"holderIdentity":"a","leaseDuration":30.000000000,"preferredHolder":"z","leaderTransitions":2}""");
        var after = JsonNode.Parse(before.Held("me", TimeSpan.FromSeconds(15), DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, 3))!;

        ((string?)after["preferredHolder"]).Should().Be("z");
        ((int?)after["leaseDuration"]).Should().Be(15);
        ((int?)after["leaseDurationSeconds"]).Should().Be(15);

        var text = LeaderElectionRecord.Parse("""{"holderIdentity":"a","leaseDuration":"PT30S"}""");
        text.Held("me", TimeSpan.FromSeconds(15), DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, 3)
            .Should().Contain("\"leaseDuration\":\"PT15S\"");
    }

    [Fact]
    public void A_released_record_is_read_back_as_released_with_its_transitions()
    {
        var held = LeaderElectionRecord.Parse("""{"holderIdentity":"a","leaseDurationSeconds":15,"leaderTransitions":5}""");
        var released = LeaderElectionRecord.Parse(held.Released(DateTimeOffset.UnixEpoch));

        released.IsReleased.Should().BeTrue();
        released.LeaderTransitions.Should().Be(5);
        released.LeaseDuration.Should().Be(TimeSpan.FromSeconds(1));
    }
}
