using Microsoft.Extensions.Options;

namespace Flink.Kubernetes.HA.Tests.Hosting;

public sealed class KubernetesHaOptionsValidatorTests
{
    public static TheoryData<string, string, string[]> WrongNames => new()
    {
        { "ClusterId", "", ["ClusterId is missing"] },
        { "ClusterId", "a", ["'a', 1 characters", "use 2 to 45"] },
        { "ClusterId", "Orders", ["'Orders'", "lower-case"] },
        { "ClusterId", "1orders", ["'1orders'", "beginning with a letter"] },
        { "ClusterId", "orders-", ["'orders-'", "ending with a letter or digit"] },
        { "ClusterId", "or.ders", ["'or.ders'"] },
        { "ClusterId", "orders\n", ["'orders\n'"] },
        { "ClusterId", new string('a', 46), ["46 characters", "use 2 to 45"] },
        { "Namespace", "Team", ["Namespace ('Team', 4 characters)", "lower-case"] },
        { "Namespace", "team.one", ["'team.one'", "leave it out"] },
        { "Namespace", "-team", ["'-team'"] },
        { "Namespace", "team\n", ["'team\n'"] },
        { "Namespace", new string('n', 64), ["64 characters", "use 1 to 63"] },
        { "Identity", "pod\n1", ["U+000A at index 3", "printable"] },
        { "Identity", "pod\u0085", ["U+0085 at index 3"] },
        { "Identity", "pod\ud800", ["U+D800 at index 3"] },
        { "Identity", "  ", ["Identity is blank"] },
        { "Identity", new string('i', 254), ["254 characters", "at most 253"] },
    };

    [Theory]
    [MemberData(nameof(WrongNames))]
    public void A_wrong_name_is_reported(string option, string value, string[] parts) =>
        AssertOne(parts, o => typeof(KubernetesHaOptions).GetProperty(option)!.SetValue(o, value));

    [Fact]
    public void The_defaults_pass_with_a_cluster_id_alone() => Failures(_ => { }).Should().BeEmpty();

    [Theory]
    [InlineData("ab")]
    [InlineData("orders-2")]
    [InlineData("a--b")]
    public void A_valid_cluster_id_passes(string clusterId) => Failures(o => o.ClusterId = clusterId).Should().BeEmpty();

    [Fact]
    public void A_cluster_id_of_45_characters_passes() => Failures(o => o.ClusterId = new string('a', 45)).Should().BeEmpty();

    [Fact]
    public void Empty_texts_count_as_not_set() =>
        Failures(o => (o.Namespace, o.Identity, o.KubeConfigPath, o.Context) = ("", "", "", "")).Should().BeEmpty();

    [Fact]
    public void Missing_parts_are_told() =>
        Failures(o => (o.ApiServer, o.LeaderElection) = (null!, null!))
            .Should().Equal("ApiServer is null: leave it out for the defaults.", "LeaderElection is null: leave it out for the defaults.");

    [Fact]
    public void Wrong_options_of_the_connection_are_told() => AssertOne(["ApiServer.MaxRetries", "-1"], o => o.ApiServer.MaxRetries = -1);

    [Fact]
    public void All_that_is_wrong_is_told_at_once() =>
        Failures(o =>
        {
            o.ClusterId = "";
            o.Namespace = "No";
            o.Identity = "\t";
            o.LeaderElection.RetryPeriod = TimeSpan.Zero;
        }).Should().HaveCount(4);

    [Fact]
    public void The_exception_carries_every_message()
    {
        var options = new KubernetesHaOptions { Namespace = "No" };

        var exception = Invoking(() => KubernetesHaOptionsValidator.ThrowIfInvalid(options))
            .Should().ThrowExactly<OptionsValidationException>().Which;

        exception.Message.Should().Contain("ClusterId is missing");
        exception.Message.Should().Contain("Namespace ('No'");
    }

    private static void AssertOne(string[] parts, Action<KubernetesHaOptions> change)
    {
        var message = Failures(change).Should().ContainSingle().Which;
        foreach (var part in parts)
        {
            message.Should().Contain(part);
        }
    }

    private static List<string> Failures(Action<KubernetesHaOptions> change)
    {
        var options = new KubernetesHaOptions { ClusterId = "orders" };
        change(options);
        return [.. new KubernetesHaOptionsValidator().Validate(null, options).Failures ?? []];
    }
}
