using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Flink.Kubernetes.HA.AzureBlob;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Flink.Kubernetes.HA.Storage.Tests.AzureBlob;

/// <summary>What can go wrong on the way to Azure, and how the storage is put into a host.</summary>
public sealed class AzureBlobTests(AzuriteFixture shared)
{
    private static readonly StateKey Key = new("cluster/a");
    private static readonly byte[] Large = new byte[12 << 20];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(12 << 20)]
    public async Task A_write_whose_answer_was_lost_and_that_is_repeated_does_not_lose_against_itself(int size)
    {
        var lost = 0;
        var storage = await OpenAsync(async (request, send) =>
        {
            var answer = await send();
            if (request.Method == HttpMethod.Put && !request.RequestUri!.Query.Contains("comp=block&", StringComparison.Ordinal) && Interlocked.Increment(ref lost) == 1)
            {
                answer.IsSuccessStatusCode.Should().BeTrue();
                throw new HttpRequestException("the answer was lost");
            }

            return answer;
        });

        var state = await storage.WriteAsync(Key, new byte[size], Token);

        (await storage.ReadAllBytesAsync(state, Token)).Should().HaveCount(size);
        await Failing.AssertAsync(StateStorageFailure.AlreadyExists, () => storage.WriteAsync(Key, new byte[size], Token), size == 1 ? "409 BlobAlreadyExists" : "Use a new key");
    }

    [Fact]
    public async Task A_large_write_that_another_one_overtakes_is_refused()
    {
        var prefix = $"t{Guid.NewGuid():N}";
        var other = await OpenAsync((_, send) => send(), prefix);
        var storage = await OpenAsync(
            async (request, send) =>
            {
                if (request.RequestUri!.Query.Contains("comp=blocklist", StringComparison.Ordinal))
                {
                    // In blocks too: Azurite, unlike Azure, takes blocks that were not committed for a blob.
                    await other.WriteAsync(Key, new byte[9 << 20], Token);
                }

                return await send();
            },
            prefix);

        await Failing.AssertAsync(StateStorageFailure.AlreadyExists, () => storage.WriteAsync(Key, Large, Token), "Use a new key");
        (await other.ListAsync(cancellationToken: Token).SingleAsync(Token)).Size.Should().Be(9 << 20);
    }

    [Fact]
    public async Task A_missing_container_is_never_taken_for_missing_data()
    {
        var storage = new AzureBlobStateStorage(new() { ConnectionString = await shared.GetAsync(), ContainerName = "no-such-container" });

        await Failing.AssertAsync(StateStorageFailure.StorageMissing, () => storage.OpenReadAsync(Key, Token), "no-such-container");
        await Failing.AssertAsync(StateStorageFailure.StorageMissing, () => storage.DeleteAsync(Key, Token), "Create it");
        await Failing.AssertAsync(StateStorageFailure.StorageMissing, () => storage.WriteAsync(Key, [1], Token), "Create it");
        await Failing.AssertAsync(StateStorageFailure.StorageMissing, () => storage.WriteAsync(Key, Large, Token), "Create it");
        await Failing.AssertAsync(StateStorageFailure.StorageMissing, async () => await storage.ListAsync(cancellationToken: Token).ToListAsync(Token), "Create it");
    }

    [Fact]
    public async Task A_wrong_key_is_AccessDenied_and_not_in_the_message()
    {
        var connection = (await shared.GetAsync()).Replace("Eby8", "AAAA", StringComparison.Ordinal);
        var storage = new AzureBlobStateStorage(new() { ConnectionString = connection, ContainerName = "flink-ha" });

        var exception = await Failing.AssertAsync(StateStorageFailure.AccessDenied, () => storage.WriteAsync(Key, [1], Token), "Check the account key");
        exception.ToString().Should().NotContain("AAAAvdM02");
    }

    [Fact]
    public async Task A_container_from_configuration_is_the_storage_and_wrong_options_end_the_host_at_start()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Blob:ConnectionString", await shared.GetAsync()), new("Blob:ContainerName", "flink-ha"), new("Blob:KeyPrefix", "from/configuration")]).Build();
        await using var services = new ServiceCollection().AddAzureBlobStateStorage(configuration.GetSection("Blob")).BuildServiceProvider();
        var configured = services.GetRequiredService<IStateStorage>();
        await configured.WriteAsync(new StateKey($"a{Guid.NewGuid():N}"), [1], Token);
        configured.Location.Should().Contain("/devstoreaccount1/flink-ha/from/configuration");

        var own = Host.CreateEmptyApplicationBuilder(null);
        own.Services.AddSingleton(new BlobContainerClient(await shared.GetAsync(), "flink-ha")).AddAzureBlobStateStorage(options => options.ContainerName = "other");
        using var host = own.Build();
        (await Awaiting(() => host.StartAsync(Token)).Should().ThrowExactlyAsync<OptionsValidationException>()).Which.Message.Should().Contain("a BlobContainerClient of your own");
        Invoking(() => services.GetRequiredService<IStateStorage>() is null ? null : new ServiceCollection().AddS3StateStorage(o => o.BucketName = "b").AddAzureBlobStateStorage(_ => { }))
            .Should().ThrowExactly<InvalidOperationException>().Which.Message.Should().Contain("only one");
    }

    [Theory]
    [InlineData("", "UseDevelopmentStorage=true", null, "", 8 << 20, "ContainerName")]
    [InlineData("c", null, null, "", 8 << 20, "must be set, and not both")]
    [InlineData("c", "UseDevelopmentStorage=true", "https://a.example.com", "", 8 << 20, "not both")]
    [InlineData("c", null, "a.example.com", "", 8 << 20, "ServiceUri")]
    [InlineData("c", "UseDevelopmentStorage=true", null, "../x", 8 << 20, "KeyPrefix")]
    [InlineData("c", "UseDevelopmentStorage=true", null, "", 1, "BlockSize")]
    [InlineData("c", "AccountKey=secret-key", null, "", 8 << 20, "ConnectionString")]
    public void Options_that_break_a_rule_are_told_and_no_key_is(string container, string? connection, string? uri, string prefix, int blockSize, string name)
    {
        var options = new AzureBlobStateStorageOptions { ContainerName = container, ConnectionString = connection, ServiceUri = uri, KeyPrefix = prefix, BlockSize = blockSize };

        var exception = Invoking(() => new AzureBlobStateStorage(options)).Should().ThrowExactly<ArgumentException>().Which;
        exception.Message.Should().Contain(name);
        exception.ToString().Should().NotContain("secret-key");
    }

    private async Task<AzureBlobStateStorage> OpenAsync(Func<HttpRequestMessage, Func<Task<HttpResponseMessage>>, Task<HttpResponseMessage>> onSend, string? prefix = null)
    {
        var settings = new BlobClientOptions { Transport = new HttpClientTransport(new HttpClient(new Handler(onSend))) };
        settings.Retry.MaxRetries = 0;
        return new AzureBlobStateStorage(
            new() { KeyPrefix = prefix ?? $"t{Guid.NewGuid():N}", MaxRetries = 2 }, new BlobContainerClient(await shared.GetAsync(), "flink-ha", settings));
    }

    private sealed class Handler(Func<HttpRequestMessage, Func<Task<HttpResponseMessage>>, Task<HttpResponseMessage>> onSend) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            onSend(request, () => base.SendAsync(request, cancellationToken));
    }
}
