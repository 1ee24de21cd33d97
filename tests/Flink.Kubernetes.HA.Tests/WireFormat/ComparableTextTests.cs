using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Tests.WireFormat;

/// <summary>What stands under a <c>test</c> is compared as encoded bytes, and API servers differ in how they encode some characters.</summary>
/// <remarks>A backspace is <c>\b</c> and a form feed <c>\f</c> with servers built with Go 1.22 or later, and <c>\u0008</c> and <c>\u000c</c> before:
/// ApiServerSuiteTests shows both, and that no other character differs.</remarks>
public sealed class ComparableTextTests
{
    public static TheoryData<string> Texts => ["the lock record", "a record of somebody else with fields of its own", "the term", "a pointer"];

    [Theory]
    [MemberData(nameof(Texts))]
    public void No_text_that_is_written_holds_a_character_whose_encoding_differs(string what)
    {
        for (var code = 0; code <= char.MaxValue; code++)
        {
            var odd = char.IsSurrogate((char)code) ? "\ud83d\ude42" : $"a{(char)code}b";
            Written(what, odd).Should().NotContainAny("\b", "\f");
        }
    }

    [Theory]
    [InlineData("\b")]
    [InlineData("\f")]
    [InlineData("\0")]
    [InlineData("\n")]
    [InlineData("\u007f")]
    [InlineData("\u0085")]
    public void An_address_or_an_identity_with_such_a_character_is_refused_with_its_place(string odd)
    {
        Invoking(() => LeadershipTerm.CheckAddress($"http://a{odd}b")).Should().Throw<ArgumentException>().WithMessage("*control characters*");
        var failures = Invoking(() => new KubernetesHaServices(new KubernetesHaOptions { ClusterId = "orders", Namespace = "default", Identity = $"a{odd}b" }))
            .Should().Throw<Microsoft.Extensions.Options.OptionsValidationException>().Which.Failures;
        failures.Should().ContainSingle().Which.Should().Contain("Identity").And.Contain("index 1");
    }

    private static string Written(string what, string odd)
    {
        var time = new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);
        return what switch
        {
            "the lock record" => LeaderElectionRecord.Parse(null).Held(odd, TimeSpan.FromSeconds(15), time, time, 0),
            "a record of somebody else with fields of its own" => LeaderElectionRecord
                .Parse(new JsonObject { ["holderIdentity"] = odd, [$"x-{odd}"] = odd }.ToJsonString()).Held("a", TimeSpan.FromSeconds(15), time, time, 0),
            "the term" => new TermRecord { HolderIdentity = odd, SessionId = Guid.Empty, FencingToken = 1, Address = odd }.ToJson(),
            _ => new StatePointer(new StoredState(StateKey.Of("a", "b"), 1, new string('0', 64))).Write(),
        };
    }
}
