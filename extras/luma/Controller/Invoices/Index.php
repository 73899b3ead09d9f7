<?php

declare(strict_types=1);

namespace CommerceDynamics\InvoicePortal\Controller\Invoices;

use Magento\Customer\Controller\AccountInterface;
use Magento\Framework\App\Action\HttpGetActionInterface;
use Magento\Framework\View\Result\Page;
use Magento\Framework\View\Result\PageFactory;

/**
 * The page with the invoices. Whoever is not signed in is asked to, as on every account page.
 */
class Index implements HttpGetActionInterface, AccountInterface
{
    public function __construct(private readonly PageFactory $pages)
    {
    }

    public function execute(): Page
    {
        $page = $this->pages->create();
        $page->getConfig()->getTitle()->set((string) __('Invoices'));
        return $page;
    }
}
