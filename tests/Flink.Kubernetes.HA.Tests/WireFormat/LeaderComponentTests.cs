using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Tests.WireFormat;

public sealed class LeaderComponentTests
{
    [Fact]
    public void ConfigMaps_are_named_as_Flink_1_12_names_them()
    {
        var job = JobId.Parse("2C8A0F1E2C8A0F1E2C8A0F1E2C8A0F1E");

        Assert.Equal("orders-resourcemanager-leader", HaNames.LeaderConfigMap("orders", LeaderComponent.ResourceManager));
        Assert.Equal("orders-dispatcher-leader", HaNames.LeaderConfigMap("orders", LeaderComponent.Dispatcher));
        Assert.Equal("orders-restserver-leader", HaNames.LeaderConfigMap("orders", LeaderComponent.RestEndpoint));
        Assert.Equal("orders-2c8a0f1e2c8a0f1e2c8a0f1e2c8a0f1e-jobmanager-leader", HaNames.LeaderConfigMap("orders", LeaderComponent.JobManager(job)));
        Assert.Equal("orders-scheduler-leader", HaNames.LeaderConfigMap("orders", LeaderComponent.Custom("scheduler")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Upper")]
    [InlineData("-a")]
    [InlineData("a-")]
    [InlineData("a_b")]
    [InlineData("a/b")]
    [InlineData("../x")]
    [InlineData("a\n")]
    [InlineData("2c8a0f1e2c8a0f1e2c8a0f1e2c8a0f1e-jobmanager")]
    [InlineData("a123456789012345678901234567890123456789012345678901234567890123")]
    public void Names_that_break_the_rules_are_refused_by_name(string name)
    {
        var exception = Assert.Throws<ArgumentException>(() => LeaderComponent.Custom(name));
        Assert.Contains($"'{name}'", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("orders", true)]
    [InlineData("o1", true)]
    [InlineData("o", false)]
    [InlineData("1o", false)]
    [InlineData("orders-", false)]
    [InlineData("Orders", false)]
    [InlineData("orders\n", false)]
    [InlineData("a23456789012345678901234567890123456789012345", true)]
    [InlineData("a234567890123456789012345678901234567890123456", false)]
    [InlineData(null, false)]
    public void Cluster_ids_follow_Flinks_rule(string? clusterId, bool valid) => Assert.Equal(valid, HaNames.IsValidClusterId(clusterId));

    [Theory]
    [InlineData("")]
    [InlineData("xyz")]
    [InlineData("2c8a0f1e2c8a0f1e2c8a0f1e2c8a0f1g")]
    public void Job_ids_are_32_hex_digits(string text) => Assert.Throws<FormatException>(() => JobId.Parse(text));
}
