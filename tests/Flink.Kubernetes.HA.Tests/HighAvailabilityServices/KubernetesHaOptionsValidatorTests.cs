using Microsoft.Extensions.Options;

namespace Flink.Kubernetes.HA.Tests.HighAvailabilityServices;

public sealed class KubernetesHaOptionsValidatorTests
{
    public static TheoryData<string, string[]> ClusterIds => new()
    {
        { "", ["ClusterId is missing"] },
        { "a", ["'a', 1 characters", "use 2 to 45"] },
        { "Orders", ["'Orders'", "lower-case"] },
        { "1orders", ["'1orders'", "beginning with a letter"] },
        { "orders-", ["'orders-'", "ending with a letter or digit"] },
        { "or.ders", ["'or.ders'"] },
        { "orders\n", ["'orders\n'"] },
        { new string('a', 46), ["46 characters", "use 2 to 45"] },
    };

    public static TheoryData<string, string[]> Namespaces => new()
    {
        { "Team", ["Namespace ('Team', 4 characters)", "lower-case"] },
        { "team.one", ["'team.one'", "leave it out"] },
        { "-team", ["'-team'"] },
        { "team\n", ["'team\n'"] },
        { new string('n', 64), ["64 characters", "use 1 to 63"] },
    };

    public static TheoryData<string, string[]> Identities => new()
    {
        { "pod\n1", ["U+000A at index 3", "printable"] },
        { "pod\u0085", ["U+0085 at index 3"] },
        { "pod\ud800", ["U+D800 at index 3"] },
        { "  ", ["Identity is blank"] },
        { new string('i', 254), ["254 characters", "at most 253"] },
    };

    [Fact]
    public void The_defaults_pass_with_a_cluster_id_alone() => Assert.Empty(Failures(_ => { }));

    [Theory]
    [InlineData("ab")]
    [InlineData("orders-2")]
    [InlineData("a--b")]
    public void A_valid_cluster_id_passes(string clusterId) => Assert.Empty(Failures(o => o.ClusterId = clusterId));

    [Fact]
    public void A_cluster_id_of_45_characters_passes() => Assert.Empty(Failures(o => o.ClusterId = new string('a', 45)));

    [Theory]
    [MemberData(nameof(ClusterIds))]
    public void A_wrong_cluster_id_is_told(string clusterId, string[] parts) => AssertOne(parts, o => o.ClusterId = clusterId);

    [Theory]
    [MemberData(nameof(Namespaces))]
    public void A_wrong_namespace_is_told(string namespaceName, string[] parts) => AssertOne(parts, o => o.Namespace = namespaceName);

    [Theory]
    [MemberData(nameof(Identities))]
    public void A_wrong_identity_is_told(string identity, string[] parts) => AssertOne(parts, o => o.Identity = identity);

    [Fact]
    public void Empty_texts_count_as_not_set() => Assert.Empty(Failures(o => (o.Namespace, o.Identity, o.KubeConfigPath, o.Context) = ("", "", "", "")));

    [Fact]
    public void Missing_parts_are_told() =>
        Assert.Equal(
            ["KubeClient is null: leave it out for the defaults.", "LeaderElection is null: leave it out for the defaults."],
            Failures(o => (o.KubeClient, o.LeaderElection) = (null!, null!)));

    [Fact]
    public void Wrong_options_of_the_client_are_told() => AssertOne(["KubeClient: ", "MaxRetries", "-1"], o => o.KubeClient.MaxRetries = -1);

    [Fact]
    public void All_that_is_wrong_is_told_at_once() =>
        Assert.Equal(4, Failures(o =>
        {
            o.ClusterId = "";
            o.Namespace = "No";
            o.Identity = "\t";
            o.LeaderElection.RetryPeriod = TimeSpan.Zero;
        }).Count);

    [Fact]
    public void The_exception_carries_every_message()
    {
        var options = new KubernetesHaOptions { Namespace = "No" };

        var exception = Assert.Throws<OptionsValidationException>(() => KubernetesHaOptionsValidator.ThrowIfInvalid(options));

        Assert.Contains("ClusterId is missing", exception.Message);
        Assert.Contains("Namespace ('No'", exception.Message);
    }

    private static void AssertOne(string[] parts, Action<KubernetesHaOptions> change)
    {
        var message = Assert.Single(Failures(change));
        Assert.All(parts, part => Assert.Contains(part, message));
    }

    private static List<string> Failures(Action<KubernetesHaOptions> change)
    {
        var options = new KubernetesHaOptions { ClusterId = "orders" };
        change(options);
        return [.. new KubernetesHaOptionsValidator().Validate(null, options).Failures ?? []];
    }
}
