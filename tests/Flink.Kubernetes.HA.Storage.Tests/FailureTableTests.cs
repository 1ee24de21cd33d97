using System.Text.RegularExpressions;
using Amazon.Runtime;
using Flink.Kubernetes.HA.AzureBlob;
using Flink.Kubernetes.HA.Storage.Tests.FileSystem;

namespace Flink.Kubernetes.HA.Storage.Tests;

/// <summary>The table of failures in docs/storage.md: every cell is produced, by a scripted server or a failing disk.</summary>
public sealed partial class FailureTableTests : IDisposable
{
    private static readonly StateKey Key = new("cluster/a");
    private readonly TemporaryFolder _folder = new();
    private readonly HttpListener _listener = new();
    private readonly ManualResetEventSlim _answers = new();
    private readonly List<IDisposable> _opened = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Row, storage, kind and text of each cell that is not empty.</summary>
    public static TheoryData<string, string, StateStorageFailure, string> Cells
    {
        get
        {
            var lines = File.ReadAllLines(FindDocument()).SkipWhile(line => !line.StartsWith("| what happens |", StringComparison.Ordinal)).TakeWhile(line => line.StartsWith('|')).Select(line => line.Trim('|').Split('|')).ToList();
            var data = new TheoryData<string, string, StateStorageFailure, string>();
            foreach (var row in lines.Skip(2))
            {
                for (var column = 1; column < row.Length; column++)
                {
                    if (Cell().Match(row[column].Trim()) is { Success: true } cell)
                    {
                        data.Add(row[0].Trim(), lines[0][column].Trim(), Enum.Parse<StateStorageFailure>(cell.Groups[1].Value), cell.Groups[2].Value);
                    }
                }
            }

            return data;
        }
    }

    public void Dispose()
    {
        _answers.Set();
        _opened.ForEach(item => item.Dispose());
        _listener.Close();
        _folder.Dispose();
    }

    [Fact]
    public void The_table_has_all_rows_and_three_storages() => Cells.Should().HaveCount(30);

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task A_failure_is_told_as_the_table_says(string what, string storage, StateStorageFailure expected, string text)
    {
        var call = storage switch
        {
            "shared folder" => OnDisk(what),
            "S3" => On(OpenS3, what, S3Answer(what)),
            "Azure Blob" => On(OpenAzure, what, AzureAnswer(what)),
            _ => throw new InvalidOperationException(storage),
        };

        var exception = (await call.Should().ThrowExactlyAsync<StateStorageException>()).Which;

        exception.Failure.Should().Be(expected, exception.Message);
        exception.Message.Should().Contain(text);
    }

    private static (int Status, string Code) S3Answer(string what) => what.Split(',')[0] switch
    {
        "403" => (403, "AccessDenied"),
        "404" => (404, "NoSuchKey"),
        "412" => (412, "PreconditionFailed"),
        "429" => (429, "TooManyRequests"),
        "500" => (500, "InternalError"),
        "501" => (501, "NotImplemented"),
        "503" => (503, "ServiceUnavailable"),
        "expired credentials" => (400, "ExpiredToken"),
        "a full disk or quota" => (403, "QuotaExceeded"),
        _ => default,
    };

    private static (int Status, string Code) AzureAnswer(string what) => what.Split(',')[0] switch
    {
        "403" => (403, "AuthorizationPermissionMismatch"),
        "404" => (404, "BlobNotFound"),
        "412" => (412, "ConditionNotMet"),
        "429" => (429, "TooManyRequests"),
        "500" => (500, "InternalError"),
        "501" => (501, "NotImplemented"),
        "503" => (503, "ServerBusy"),
        "expired credentials" => (403, "AuthenticationFailed"),
        "a full disk or quota" => (409, "AccountQuotaExceeded"),
        _ => default,
    };

    private static bool IsWrite(string what) => what.StartsWith("412", StringComparison.Ordinal) || what.StartsWith("a full", StringComparison.Ordinal) || what.StartsWith("501", StringComparison.Ordinal);

    private static string FindDocument()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "docs", "storage.md")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder.FullName, "docs", "storage.md");
    }

    private Func<Task> OnDisk(string what)
    {
        var disk = what.Split(',')[0] switch
        {
            "403" => new FaultyDisk { OnOpenRead = _ => throw new UnauthorizedAccessException("Access to the path is denied.") },
            "500" => new FaultyDisk { OnOpenRead = _ => throw new IOException("Input/output error", 5) },
            "501" => new FaultyDisk { OnLink = (_, _) => 95, OnRename = (_, _) => 22 },
            "a full disk or quota" => new FaultyDisk { OnCreate = _ => new FileStream("/dev/full", new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Write, Share = FileShare.ReadWrite, BufferSize = 0 }) },
            "no answer" => new FaultyDisk
            {
                OnOpenRead = _ =>
                {
                    _answers.Wait();
                    return null;
                },
            },
            _ => new FaultyDisk(),
        };
        var storage = new FileSystemStateStorage(new() { RootDirectory = _folder.Path, OperationTimeout = TimeSpan.FromMilliseconds(what.StartsWith("no", StringComparison.Ordinal) ? 300 : 60_000) }, disk);
        return what.Split(',')[0] switch
        {
            "412" => async () =>
            {
                await storage.WriteAsync(Key, [1], Token);
                await storage.WriteAsync(Key, [1], Token);
            },
            "a body that is cut off" => async () =>
            {
                var state = await storage.WriteAsync(Key, new byte[1000], Token);
                await using (var file = File.OpenWrite(Path.Combine(_folder.Path, state.Key.Value)))
                {
                    file.SetLength(500);
                }

                await storage.ReadAllBytesAsync(state, Token);
            },
            _ => () => IsWrite(what) ? storage.WriteAsync(Key, [1], Token) : storage.OpenReadAsync(Key, Token),
        };
    }

    private Func<Task> On(Func<string, IStateStorage> open, string what, (int Status, string Code) answer)
    {
        if (answer.Status != 0)
        {
            var storage = open(Answering(answer));
            return () => IsWrite(what) ? storage.WriteAsync(Key, [1], Token) : storage.OpenReadAsync(Key, Token);
        }

        var isSilent = what.StartsWith("no", StringComparison.Ordinal);
        var server = new RawServer(async stream =>
        {
            await stream.ReadAtLeastAsync(new byte[65536], 1, cancellationToken: Token);
            if (isSilent)
            {
                await Task.Delay(Timeout.Infinite, Token);
            }

            await stream.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nETag: \"0123456789abcdef0123456789abcdef\"\r\nx-ms-blob-type: BlockBlob\r\nLast-Modified: Fri, 27 Nov 2026 18:00:00 GMT\r\nContent-Length: 100000\r\n\r\n" + new string('x', 50_000)), Token);
        });
        _opened.Add(server);
        var raw = open(server.Endpoint);
        return async () =>
        {
            await using var stream = await raw.OpenReadAsync(Key, Token);
            await stream.CopyToAsync(Stream.Null, Token);
        };
    }

    private string Answering((int Status, string Code) answer)
    {
        using (var free = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            _listener.Prefixes.Add($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/");
        }

        _listener.Start();
        _ = Task.Run(async () =>
        {
            while (_listener.IsListening)
            {
                var context = await _listener.GetContextAsync();
                await context.Request.InputStream.CopyToAsync(Stream.Null);
                (context.Response.StatusCode, context.Response.ContentType) = (answer.Status, "application/xml");
                context.Response.Headers["x-ms-error-code"] = answer.Code;
                var body = Encoding.UTF8.GetBytes(context.Request.HttpMethod == "HEAD" ? string.Empty : $"<?xml version=\"1.0\"?><Error><Code>{answer.Code}</Code><Message>in the server's words</Message></Error>");
                context.Response.Close(body, willBlock: false);
            }
        });
        return _listener.Prefixes.Single().TrimEnd('/');
    }

    private S3StateStorage OpenS3(string endpoint)
    {
        var client = new AmazonS3Client(new BasicAWSCredentials("a", "b"), new AmazonS3Config { ServiceURL = endpoint, ForcePathStyle = true, AuthenticationRegion = "us-east-1", MaxErrorRetry = 0 });
        _opened.Add(client);
        return new S3StateStorage(new() { BucketName = "b", RequestTimeout = TimeSpan.FromSeconds(3) }, client);
    }

    private static AzureBlobStateStorage OpenAzure(string endpoint) => new(new()
    {
        ConnectionString = $"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=c2VjcmV0;BlobEndpoint={endpoint}/a;",
        ContainerName = "flink-ha", MaxRetries = 0, RequestTimeout = TimeSpan.FromSeconds(3),
    });

    [GeneratedRegex("^`(\\w+)`: (.+)$")]
    private static partial Regex Cell();
}
