using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

/// <summary>Leases as JSON: the model of the official client writes a whole second in a form that servers refuse.</summary>
public abstract partial class ApiServerSuiteTests
{
    private RawRequests Leases => RawOf(ResourceKind.Lease);

    private Task<JsonObject> CreateLeaseAsync(string spec) =>
        Leases.CreateAsync(JsonNode.Parse($$$"""{"metadata":{"name":"a"},"spec":{{{spec}}}}""")!.AsObject());

    [Theory, InlineData("2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05.123456Z")]
    [InlineData("2026-01-02T03:04:05.000000Z", "2026-01-02T03:04:05.000000Z")]
    [InlineData("2026-01-02T03:04:05.678000+05:30", "2026-01-01T21:34:05.678000Z")]
    public async Task A_Lease_keeps_six_digits_of_a_second_in_UTC(string written, string stored)
    {
        const string Spec = """{"holderIdentity":"me","leaseDurationSeconds":15,"acquireTime":"TIME","renewTime":"TIME","leaseTransitions":3}""";
        await CreateLeaseAsync(Spec.Replace("TIME", written, StringComparison.Ordinal));
        var spec = (await Leases.GetAsync("a"))["spec"]!;
        spec.ToJsonString().Should().Be(Spec.Replace("TIME", stored, StringComparison.Ordinal));
        await Leases.PatchAsync("a", Test("/spec/renewTime", stored));
    }

    [Theory, InlineData("2026-01-02T03:04:05Z"), InlineData("2026-01-02T03:04:05.123Z")]
    [InlineData("2026-01-02T03:04:05.1234567Z"), InlineData("yesterday")]
    public Task A_Lease_refuses_times_with_more_or_less_than_six_digits(string written) =>
        RefusedAsync(Refusal.BadRequest, () => CreateLeaseAsync($$"""{"renewTime":"{{written}}"}"""));

    [Fact]
    public async Task A_released_Lease_has_no_holder()
    {
        var held = await CreateLeaseAsync("""{"holderIdentity":"me","leaseDurationSeconds":15}""");
        held["spec"]!["holderIdentity"] = null;
        (await Leases.ReplaceAsync(held))["spec"]!.ToJsonString().Should().Be("""{"leaseDurationSeconds":15}""");
    }

    [Fact]
    public async Task Replace_of_a_Lease_without_a_resourceVersion_is_Invalid()
    {
        var held = await CreateLeaseAsync("""{"holderIdentity":"me"}""");
        var blind = JsonNode.Parse("""{"metadata":{"name":"a"},"spec":{"holderIdentity":"other"}}""")!.AsObject();
        await RefusedAsync(Refusal.Invalid, () => Leases.ReplaceAsync(blind));
        (await Leases.GetAsync("a")).Text("metadata/resourceVersion").Should().Be(held.Text("metadata/resourceVersion"));
    }

    [Fact]
    public Task A_Lease_of_zero_seconds_is_Invalid() =>
        RefusedAsync(Refusal.Invalid, () => CreateLeaseAsync("""{"holderIdentity":"me","leaseDurationSeconds":0}"""));

    [Fact]
    public async Task A_JSON_Patch_can_test_the_holder_of_a_Lease()
    {
        await CreateLeaseAsync("""{"holderIdentity":"me","leaseTransitions":0}""");
        Task<JsonObject> TakeAsync(string? from, string to) =>
            Leases.PatchAsync("a", Test("/spec/holderIdentity", from), Add("/spec/holderIdentity", to));
        await RefusedAsync(Refusal.Invalid, () => TakeAsync("other", "thief"));
        await RefusedAsync(Refusal.Invalid, () => TakeAsync(null, "thief"));
        (await TakeAsync("me", "next")).Text("spec/holderIdentity").Should().Be("next");
        await Leases.MergeAsync("a", """{"spec":{"holderIdentity":null}}""");
        (await TakeAsync(null, "last")).Text("spec/holderIdentity").Should().Be("last");
    }
}
