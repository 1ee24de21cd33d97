namespace Flink.Kubernetes.HA.Tests.WireFormat;

public sealed class LeaderComponentTests
{
    [Fact]
    public void ConfigMaps_are_named_as_Flink_1_12_names_them()
    {
        var job = JobId.Parse("2C8A0F1E2C8A0F1E2C8A0F1E2C8A0F1E");

        HaNames.LeaderConfigMap("orders", LeaderComponent.ResourceManager).Should().Be("orders-resourcemanager-leader");
        HaNames.LeaderConfigMap("orders", LeaderComponent.Dispatcher).Should().Be("orders-dispatcher-leader");
        HaNames.LeaderConfigMap("orders", LeaderComponent.RestEndpoint).Should().Be("orders-restserver-leader");
        HaNames.LeaderConfigMap("orders", LeaderComponent.JobManager(job)).Should().Be("orders-2c8a0f1e2c8a0f1e2c8a0f1e2c8a0f1e-jobmanager-leader");
        HaNames.LeaderConfigMap("orders", LeaderComponent.Custom("scheduler")).Should().Be("orders-scheduler-leader");
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
        var exception = Invoking(() => LeaderComponent.Custom(name)).Should().ThrowExactly<ArgumentException>().Which;
        exception.Message.Should().Contain($"'{name}'");
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
    public void Cluster_ids_follow_Flinks_rule(string? clusterId, bool valid) => HaNames.IsValidClusterId(clusterId).Should().Be(valid);

    [Theory]
    [InlineData("")]
    [InlineData("xyz")]
    [InlineData("2c8a0f1e2c8a0f1e2c8a0f1e2c8a0f1g")]
    public void Job_ids_are_32_hex_digits(string text) => Invoking(() => JobId.Parse(text)).Should().ThrowExactly<FormatException>();
}
