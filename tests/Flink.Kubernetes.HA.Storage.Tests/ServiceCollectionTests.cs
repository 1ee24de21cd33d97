using Flink.Kubernetes.HA.Storage.Tests.FileSystem;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Flink.Kubernetes.HA.Storage.Tests;

public sealed class ServiceCollectionTests(S3ServerFixture shared)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_shared_folder_from_configuration_is_the_storage()
    {
        using var folder = new TemporaryFolder();
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Storage:RootDirectory", folder.Path)]).Build();
        await using var services = new ServiceCollection().AddFileSystemStateStorage(configuration.GetSection("Storage")).BuildServiceProvider();

        await services.GetRequiredService<IStateStorage>().WriteAsync(new StateKey("a"), [1], Token);

        folder.Files.Should().Equal("a");
    }

    [Fact]
    public async Task A_bucket_from_configuration_is_the_storage_with_the_client_of_the_container()
    {
        var server = await shared.GetAsync();
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("S3:BucketName", server.Bucket), new("S3:KeyPrefix", "from/configuration"), new("S3:PartSize", "6000000")]).Build();
        await using var services = new ServiceCollection().AddSingleton<IAmazonS3>(server.CreateClient()).AddS3StateStorage(configuration.GetSection("S3")).BuildServiceProvider();

        var storage = services.GetRequiredService<IStateStorage>();
        await storage.WriteAsync(new StateKey("a"), new byte[7_000_000], Token);

        storage.Location.Should().Be($"s3://{server.Bucket}/from/configuration");
        (await storage.ListAsync(cancellationToken: Token).Select(entry => entry.Size).ToListAsync(Token)).Should().Equal(7_000_000);
    }

    [Fact]
    public async Task Without_a_client_the_sdk_s_chain_of_credentials_is_used()
    {
        var server = await shared.GetAsync();
        var (access, secret) = server.Credentials;
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", access);
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", secret);
        var options = server.Options();
        options.ServiceUrl = server.Endpoint;
        using var storage = new S3StateStorage(options);

        foreach (var size in new[] { 100, 20 << 20 })
        {
            var state = await storage.WriteAsync(new StateKey($"k{size}"), new byte[size], Token);
            (await storage.ReadAllBytesAsync(state, Token)).Should().HaveCount(size);
            await Failing.AssertAsync(StateStorageFailure.AlreadyExists, () => storage.WriteAsync(new StateKey($"k{size}"), new byte[size], Token), "Use a new key");
        }
    }

    [Fact]
    public void A_second_storage_is_refused()
    {
        var services = new ServiceCollection().AddFileSystemStateStorage(options => options.RootDirectory = "/data");

        Invoking(() => services.AddS3StateStorage(options => options.BucketName = "b"))
            .Should().ThrowExactly<InvalidOperationException>().Which.Message
            .Should().Contain("only one");
    }

    [Fact]
    public async Task Wrong_options_end_the_host_at_start()
    {
        var folder = Host.CreateEmptyApplicationBuilder(null);
        folder.Services.AddFileSystemStateStorage(options => options.RootDirectory = "data");
        using var first = folder.Build();
        (await Awaiting(() => first.StartAsync(Token)).Should().ThrowExactlyAsync<OptionsValidationException>()).Which.Message
            .Should().Contain("RootDirectory must be an absolute path");

        var bucket = Host.CreateEmptyApplicationBuilder(null);
        bucket.Services.AddS3StateStorage(options => (options.BucketName, options.KeyPrefix) = ("b", "../other"));
        using var second = bucket.Build();
        (await Awaiting(() => second.StartAsync(Token)).Should().ThrowExactlyAsync<OptionsValidationException>()).Which.Message
            .Should().Contain("KeyPrefix");
    }

    [Theory]
    [InlineData("", "", null, 8 << 20, "BucketName")]
    [InlineData("b", "/", null, 8 << 20, "KeyPrefix")]
    [InlineData("b", "", "s3.example.com", 8 << 20, "ServiceUrl")]
    [InlineData("b", "", null, 1 << 20, "PartSize")]
    public void Options_that_break_a_rule_are_told(string bucket, string prefix, string? url, int partSize, string name)
    {
        var options = new S3StateStorageOptions { BucketName = bucket, KeyPrefix = prefix, ServiceUrl = url, PartSize = partSize };

        Invoking(() => new S3StateStorage(options)).Should().ThrowExactly<ArgumentException>().Which.Message.Should().Contain(name);
    }
}
